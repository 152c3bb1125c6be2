#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/service/process.hpp"
#include "tests/temporary_directory.hpp"

namespace service {

std::string content(const std::filesystem::path& path);

// Waits until the file contains `part`.
void wait_for_content(const std::filesystem::path& path, const std::string& part);

// Starts the command eight times at once: all but one must be refused with 69, and that one serves.
std::unique_ptr<Process> the_one_of_eight_that_serves(const std::vector<std::string>& command);

// Tests of --daemon. The commands are run in a directory of the test's own.
class DaemonTest : public testing::Test {
 protected:
  // This process adopts the daemon when the daemon's parent ends, so that it can wait for it.
  DaemonTest();
  ~DaemonTest() override;

  std::filesystem::path path(const std::string& name) const { return directory_ / name; }

  std::vector<std::string> command(const std::vector<std::string>& arguments) const;

  // Starts a daemon that serves at echo.sock, with `more` in its configuration, by a shell's
  // `script` in which "$@" is the command. All paths are relative. Returns when the parent has
  // ended and no process holds its streams.
  void start(const std::string& more = "", const std::string& script = R"(exec "$@")");

  void expect_exit(int exit_code);

  // Expects that neither a daemon nor its files are left.
  void expect_refusal(const std::vector<std::string>& arguments, int exit_code,
                      const std::string& message);

  TemporaryDirectory directory_;
  pid_t pid_ = 0;  // the daemon
};

}  // namespace service
