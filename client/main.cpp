#include <unistd.h>

#include <clocale>
#include <csignal>
#include <exception>
#include <string_view>

#include "client/bench/bench.hpp"
#include "client/cli/options.hpp"
#include "client/conversation/conversation.hpp"
#include "client/output/output.hpp"
#include "client/ping/ping.hpp"
#include "client/pipe/pipe.hpp"
#include "client/wire/failure.hpp"
#include "program/standard_streams.hpp"

namespace {

int end_early(const client::EarlyExit& early) {
  client::print(early.output);
  if (early.error.empty()) return early.status;
  const client::Failure failure{client::FailureClass::usage, early.error};
  if (early.of_check) return client::print_unknown(failure);
  client::report(failure);
  return early.status;
}

int run(int argc, char** argv) {
  const auto options = client::parse_options(argc, argv);
  if (!options) return end_early(options.error());
  if (options->mode == client::Options::Mode::ping) return client::run_ping(*options);
  if (options->mode == client::Options::Mode::bench) return client::run_bench(*options);
  const bool at_terminal = ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1;
  return at_terminal ? client::run_conversation(*options) : client::run_pipe(*options);
}

// Nearly every terminal understands UTF-8, also if no locale is set.
void use_locale() {
  const char* const locale = std::setlocale(LC_CTYPE, "");
  if (locale == nullptr || std::string_view(locale) == "C") std::setlocale(LC_CTYPE, "C.UTF-8");
}

}  // namespace

int main(int argc, char** argv) {
  program::occupy_closed_standard_streams();
  use_locale();
  // The parent may have set it to be ignored, but it ends a filter quietly when the reader has
  // gone.
  std::signal(SIGPIPE, SIG_DFL);
  std::signal(SIGXFSZ, SIG_IGN);  // write(2) returns an error for a file that must not grow
  try {
    const int status = run(argc, argv);
    const auto unwritten = client::print_failure();
    if (!unwritten) return status;
    client::report(client::local_failure("standard output", unwritten));
    return status == 0 ? 1 : status;
  } catch (const std::exception& error) {
    client::report({client::FailureClass::local, error.what()});
    return 1;
  }
}
