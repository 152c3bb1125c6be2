#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/service/daemon.hpp"
#include "tests/service/process_status.hpp"
#include "tests/service/server.hpp"
#include "tests/service/upgrade.hpp"

// The program that an upgrade executes, its arguments and its descriptors.
namespace service {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

fs::path process_file(Server& server, const std::string& name) {
  return "/proc/" + std::to_string(server.process().pid()) + "/" + name;
}

// The program of the next release is another file.
TEST(UpgradeProgram, ExecutesTheFileAtThePathByWhichItWasStarted) {
  const ReplaceableProgram program;
  Server server("", on_any_port, program.runner());
  const fs::path exe = process_file(server, "exe");
  const std::string arguments = content(process_file(server, "cmdline"));
  SocketClient client = server.connect();
  for (int i = 0; i < 3; ++i) {
    program.restore();
    EXPECT_THAT(fs::read_symlink(exe).string(), HasSubstr(" (deleted)"));
    upgrade(server);
    EXPECT_EQ(program.path(), fs::read_symlink(exe));
    EXPECT_EQ(arguments, content(process_file(server, "cmdline")));
    EXPECT_EQ("after", client.echo("after"));
  }
}

TEST(UpgradeProgram, FindsTheProgramAndItsFilesWhereItWasStartedByARelativePath) {
  const ReplaceableProgram program;
  const std::string directory = program.path().parent_path();
  Server server("", on_any_port,
                {"sh", "-c", "cd '" + directory + "'; shift; exec ./coroecho \"$@\"", "sh"});
  SocketClient client = server.connect();
  for (int i = 0; i < 2; ++i) {
    program.restore();
    upgrade(server);
    EXPECT_EQ("after", client.echo("after"));
  }
  EXPECT_EQ(program.path(), fs::read_symlink(process_file(server, "exe")));
  EXPECT_EQ(directory, fs::read_symlink(process_file(server, "cwd")));
}

TEST(UpgradeProgram, FindsTheProgramInThePathByWhichItWasStarted) {
  const ReplaceableProgram program;
  const std::string directory = program.path().parent_path();
  Server server(
      "", on_any_port,
      {"sh", "-c", "export PATH='" + directory + "':\"$PATH\"; shift; exec coroecho \"$@\"", "sh"});
  program.restore();
  upgrade(server);
  EXPECT_EQ(program.path(), fs::read_symlink(process_file(server, "exe")));
}

// Otherwise a child would keep connections open that the service has closed.
TEST(UpgradeProgram, LeavesNoDescriptorThatAnotherProgramInherits) {
  const TemporaryDirectory directory;
  Server server("{host: [127.0.0.1], port: 0, admin: {port: 0}, udp: {port: 0}, unix: " +
                    (directory / "echo.sock").string() + "}",
                {"--pidfile", directory / "echo.pid"});
  SocketClient client = server.connect();
  EXPECT_EQ("before", client.echo("before"));
  const auto before = descriptors_kept_on_exec(server.process().pid());  // of this test's starter
  for (int i = 0; i < 2; ++i) {
    upgrade(server);
    EXPECT_EQ(before, descriptors_kept_on_exec(server.process().pid()));
  }
  EXPECT_EQ("after", client.echo("after"));
}

TEST(UpgradeProgram, IsNotMistakenForAFailureWhereSigchldIsIgnored) {
  Server server("", on_any_port, {"env", "--ignore-signal=CHLD"});
  SocketClient client = server.connect();
  EXPECT_EQ("before", client.echo("before"));
  upgrade(server);
  upgrade(server);
  EXPECT_EQ("after", client.echo("after"));
}

// A variable of the environment that is not meant for this process.
TEST(UpgradeProgram, AStateForAnotherProcessIsIgnored) {
  const Server server("", on_any_port, {"env", "COROECHO_STATE=1:3"});
  EXPECT_EQ("hello", server.connect().echo("hello"));
  EXPECT_EQ(0U, server.log().count_lines("upgraded"));
}

TEST(UpgradeProgram, AStateThatIsNoneIsOneLineAndExit70) {
  for (const std::string state : {"$$:0", "$$:99"}) {
    const Finished finished =
        run({"sh", "-c",
             "COROECHO_STATE=" + state + " exec \"" COROECHO "\" --host 127.0.0.1 --port 0"});
    EXPECT_EQ(70, finished.exit_code) << state;
    EXPECT_EQ("", finished.output);
    EXPECT_EQ(1, std::count(finished.errors.begin(), finished.errors.end(), '\n'))
        << finished.errors;
  }
}

}  // namespace
}  // namespace service
