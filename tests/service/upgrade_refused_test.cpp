#include <gmock/gmock.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/service/server.hpp"
#include "tests/service/upgrade.hpp"

// A new program that cannot take over: the old one goes on, and nobody notices.
namespace service {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

// The program of the build with two bytes of its ELF header (elf(5)) changed: e_machine.
std::string program_for_another_architecture() {
  std::ifstream file(COROECHO, std::ios::binary);
  std::string content{std::istreambuf_iterator<char>(file), {}};
  constexpr std::size_t machine = 18;
  content[machine] = content[machine + 1] = '\x7e';
  return content;
}

// The descriptors of a process and what they lead to, in lines.
std::string descriptors_of(pid_t process) {
  std::set<std::string> lines;
  for (const auto& entry : fs::directory_iterator("/proc/" + std::to_string(process) + "/fd"))
    lines.insert(entry.path().filename().string() + " " + fs::read_symlink(entry.path()).string());
  std::string all;
  for (const std::string& line : lines)
    all += line + '\n';
  return all;
}

// Their numbers, also of those that have ended and were not waited for.
std::string children_of(pid_t process) {
  const std::string number = std::to_string(process);
  std::ifstream file("/proc/" + number + "/task/" + number + "/children");
  return {std::istreambuf_iterator<char>(file), {}};
}

// How the new program is not what it should be, and what the log says then.
struct Misfit {
  std::string name;
  std::string script;  // of a shell, in which "$@" are the arguments; or empty
  std::string reason;
};

class UpgradeToMisfit : public testing::TestWithParam<Misfit> {
 protected:
  void put_in_place() const {
    const std::string& name = GetParam().name;
    if (name == "Missing") {
      program_.remove();
    } else if (name == "Directory") {
      program_.remove();
      fs::create_directory(program_.path());
    } else if (name == "NotExecutable") {
      fs::permissions(program_.path(), fs::perms(0644));
    } else if (name == "Empty") {
      program_.replace("");
    } else if (name == "OtherArchitecture") {
      program_.replace(program_for_another_architecture());
    } else if (name == "WithoutItsInterpreter") {
      program_.replace("#!/nowhere/sh\n");
    } else {
      program_.replace("#!/bin/sh\n" + GetParam().script + "\n");
    }
  }

  ReplaceableProgram program_;
};

TEST_P(UpgradeToMisfit, IsOneLineAndNobodyNotices) {
  Server server("", on_any_port, program_.runner());
  SocketClient client = server.connect();
  EXPECT_EQ("before", client.echo("before"));
  server.log().wait_for_line("client 1 received ");
  const std::string descriptors = descriptors_of(server.process().pid());
  const std::size_t lines = server.log().count_lines("");
  put_in_place();

  const std::string reason = refused_upgrade(server);
  EXPECT_THAT(reason, HasSubstr(GetParam().reason));
  EXPECT_EQ("after", client.echo("after"));
  server.log().wait_for_line("client 1 received 5 bytes");
  EXPECT_EQ(lines + 2, server.log().count_lines("")) << server.log().text();
  EXPECT_EQ(descriptors, descriptors_of(server.process().pid()));
  EXPECT_EQ("", children_of(server.process().pid()));

  if (fs::is_directory(program_.path())) program_.remove();
  program_.restore();
  EXPECT_THAT(upgrade(server), HasSubstr(", 1 connections kept"));
  EXPECT_EQ("upgraded", client.echo("upgraded"));
  EXPECT_EQ("new", server.connect().echo("new"));
  server.log().wait_for_line("client 2 connected");
}

INSTANTIATE_TEST_SUITE_P(
    Programs, UpgradeToMisfit,
    testing::Values(
        Misfit{"Missing", "", "No such file or directory"},
        Misfit{"Directory", "", "Permission denied"},
        Misfit{"NotExecutable", "", "Permission denied"}, Misfit{"Empty", "", "Exec format error"},
        Misfit{"OtherArchitecture", "", "Exec format error"},
        Misfit{"WithoutItsInterpreter", "", "No such file or directory"},
        Misfit{"CrashesAtItsStart", "kill -SEGV $$", "signal 11"},
        Misfit{"ExitsWithACode", "exit 3", "exit code 3"},
        Misfit{"ExitsWithAReason", "echo first >&2; echo second >&2; exit 3", "second"},
        Misfit{"AbortsWithManyReasons", "yes reason | head -c 1000000 >&2; exit 70",
               "exit code 70"},
        Misfit{"PrintsNothing", "exit 0", ""}, Misfit{"PrintsRubbish", "echo hello", ""},
        Misfit{"PrintsControlCharacters", "printf 'coroecho \\033[2J\\n\\n'", ""},
        Misfit{"PrintsAVersionAndFails", "echo coroecho 1.2.3; exit 1", "exit code 1"},
        Misfit{"LeavesAProcessBehind", "sleep 30 >/dev/null & exit 3", "exit code 3"},
        Misfit{"LeavesAProcessWithItsOutputBehind", "sleep 5 & exit 3", "exit code 3"},
        // A release from before there were upgrades, and one that knows no state as late as this.
        Misfit{"IsOfAnEarlierRelease", "exec \"" COROECHO "\" --colour", "--colour"},
        Misfit{"KnowsNoStateAsLate", "shift $(($# - 1)); exec \"" COROECHO "\" --check-upgrade 999",
               "999"}),
    [](const auto& misfit) { return misfit.param.name; });

// The service serves meanwhile.
TEST(RefusedUpgrade, AProgramThatHangsIsGivenUp) {
  const ReplaceableProgram program;
  Server server("", on_any_port, program.runner());
  SocketClient client = server.connect();
  program.replace("#!/bin/sh\nexec sleep 60\n");
  server.process().signal(SIGRTMIN);
  const Clock::time_point deadline = Clock::now() + patience;
  while (server.log().count_lines(" not upgraded: ") == 0 && Clock::now() < deadline) {
    EXPECT_EQ("meanwhile", client.echo("meanwhile"));
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  EXPECT_EQ(1U, server.log().count_lines(" not upgraded: "));
  EXPECT_EQ("", children_of(server.process().pid()));
  program.restore();
  upgrade(server);
  EXPECT_EQ("after", client.echo("after"));
}

TEST(RefusedUpgrade, AProgramThatHangsDelaysNoStop) {
  const ReplaceableProgram program;
  const fs::path pid = fs::path(program.path()).replace_extension("pid");
  Server server("", on_any_port, program.runner());
  program.replace("#!/bin/sh\necho $$ >" + pid.string() + "; exec sleep 60\n");
  server.process().signal(SIGRTMIN);
  pid_t child = 0;
  for (const auto deadline = Clock::now() + patience; child == 0 && Clock::now() < deadline;)
    std::ifstream(pid) >> child;
  ASSERT_NE(0, child);
  const Clock::time_point begin = Clock::now();
  server.stop(SIGTERM);
  EXPECT_LT(Clock::now() - begin, std::chrono::seconds(8));
  EXPECT_EQ(-1, kill(child, 0));
}

TEST(RefusedUpgrade, AConfigurationThatIsRefusedIsOneLineWithFileLineAndKey) {
  Server server;
  SocketClient client = server.connect();
  EXPECT_EQ("before", client.echo("before"));
  server.log().wait_for_line("client 1 received ");
  const std::string descriptors = descriptors_of(server.process().pid());
  const std::size_t lines = server.log().count_lines("");
  server.write_configuration("colour: red");
  EXPECT_THAT(refused_upgrade(server), HasSubstr("coroecho.yaml:1: key 'colour': "));
  EXPECT_EQ("after", client.echo("after"));
  server.log().wait_for_line("client 1 received 5 bytes");
  EXPECT_EQ(lines + 2, server.log().count_lines("")) << server.log().text();
  EXPECT_EQ(descriptors, descriptors_of(server.process().pid()));
  server.write_configuration("");
  upgrade(server);
  EXPECT_EQ("upgraded", client.echo("upgraded"));
}

// That is found out only after the upgrade.
TEST(RefusedUpgrade, AnAddressThatCannotBeHadIsAnErrorAndEverybodyStays) {
  const Server other;
  Server server("{host: [127.0.0.1], port: 0}", {});
  SocketClient client = server.connect();
  EXPECT_EQ("before", client.echo("before"));
  server.write_configuration("{host: [127.0.0.1], port: " + std::to_string(other.port()) + "}");
  upgrade(server);
  EXPECT_THAT(server.log().wait_for_line(" error "), HasSubstr("Address already in use"));
  EXPECT_EQ("after", client.echo("after"));
  EXPECT_EQ("new", server.connect().echo("new"));  // at the address of before
}

}  // namespace
}  // namespace service
