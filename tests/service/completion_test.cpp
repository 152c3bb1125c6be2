#include <gtest/gtest.h>

#include <string>

#include "tests/service/client.hpp"
#include "tests/service/client_terminal.hpp"

// The Tab key in real shells, each in a terminal. They know only the completions of this project.
namespace service {
namespace {

struct Shell {
  std::string name;
  std::string command;
  std::string set_up;
  std::string after_option;  // after an option with a value; zsh removes it if a space is typed
};

const Shell bash{"bash", "bash --norc --noprofile -i",
                 "source '" + repository + "client/completions/bash/coroecho-client'; source '" +
                     repository + "server/completions/bash/coroecho'",
                 ""};
const Shell zsh{"zsh", "zsh -f -i",
                "fpath=('" + repository + "client/completions/zsh' '" + repository +
                    "server/completions/zsh' $fpath); autoload -Uz compinit; compinit -u -D",
                "="};

class Completion : public testing::TestWithParam<Shell> {
 protected:
  Completion() : terminal_(GetParam().command) {
    terminal_.enter(GetParam().set_up);
    terminal_.enter("PS1='> '; clear");
    terminal_.wait_for_last_line(">");
  }

  // Tab completes `typed` to `line`, which the screen then shows after the prompt.
  void expect_completed(const std::string& typed, const std::string& line) {
    terminal_.type(typed);
    terminal_.press("Tab");
    EXPECT_NO_THROW(terminal_.wait_for_last_line("> " + line));
    terminal_.press("C-u");
    terminal_.wait_for_last_line(">");
  }

  void expect_offered(const std::string& typed, const std::string& offer) {
    terminal_.type(typed);
    terminal_.press("Tab");
    terminal_.press("Tab");
    EXPECT_NO_THROW(terminal_.wait_for(offer));
    terminal_.press("C-u");
    terminal_.enter("clear");
    terminal_.wait_for_last_line(">");
  }

  Terminal terminal_;
};

// A shell takes a while to start, so one serves for all tests of a program.
TEST_P(Completion, CompletesOptionsAndValuesOfTheClient) {
  expect_completed("coroecho-client --pi", "coroecho-client --ping");  // not --pipeline
  expect_completed("coroecho-client --ping --int",
                   "coroecho-client --ping --interval" + GetParam().after_option);
  expect_completed("coroecho-client --bench --pi",
                   "coroecho-client --bench --pipeline" + GetParam().after_option);
  expect_completed("coroecho-client --udp --wa",
                   "coroecho-client --udp --wait" + GetParam().after_option);
  expect_completed("coroecho-client --tls --inse", "coroecho-client --tls --insecure");
  expect_completed("coroecho-client --bench --mode st", "coroecho-client --bench --mode stream");
  expect_completed("coroecho-client --bench --mode=st", "coroecho-client --bench --mode=stream");
  expect_offered("coroecho-client --bench --mode ", "churn");
  expect_offered("coroecho-client --bench --mode=", "churn");
}

TEST_P(Completion, CompletesOptionsValuesAndFilesOfTheServer) {
  expect_completed("coroecho --dae", "coroecho --daemon");
  expect_completed("coroecho --log-format js", "coroecho --log-format json");
  expect_completed("coroecho --log-format=js", "coroecho --log-format=json");
  expect_offered("coroecho --log-level ", "warning");
  terminal_.enter("cd; mkdir settings; touch settings/my.yaml; clear");
  terminal_.wait_for_last_line(">");
  expect_completed("coroecho --config sett", "coroecho --config settings/");
  expect_completed("coroecho --config settings/m", "coroecho --config settings/my.yaml");
}

// A port is not completed by host names, and files are completed after an = too.
TEST_P(Completion, CompletesAfterAnEqualsSignAndOffersNoHostAsAPort) {
  terminal_.enter("cd; touch chart.svg; clear");
  terminal_.wait_for_last_line(">");
  expect_completed("coroecho-client --bench --plot=cha",
                   "coroecho-client --bench --plot=chart.svg");
  expect_completed("coroecho --pidfile=cha", "coroecho --pidfile=chart.svg");
  expect_completed("coroecho-client ./cha", "coroecho-client ./chart.svg");
  expect_completed("coroecho-client localho", "coroecho-client localhost");
  expect_completed("coroecho-client --timeout 3s localho",
                   "coroecho-client --timeout 3s localhost");
  expect_completed("coroecho-client --timeout=3s localho",
                   "coroecho-client --timeout=3s localhost");
  expect_completed("coroecho-client localhost localho", "coroecho-client localhost localho");
  expect_completed("coroecho-client localhost:localho", "coroecho-client localhost:localho");
}

INSTANTIATE_TEST_SUITE_P(Shells, Completion, testing::Values(bash, zsh),
                         [](const auto& shell) { return shell.param.name; });

}  // namespace
}  // namespace service
