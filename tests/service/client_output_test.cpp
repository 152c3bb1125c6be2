#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/service/closed_port.hpp"
#include "tests/service/file_descriptor.hpp"
#include "tests/service/patience.hpp"
#include "tests/service/process.hpp"
#include "tests/service/server.hpp"
#include "tests/temporary_directory.hpp"

// Output of coroecho-client that cannot be written, and text that must be escaped.
namespace service {
namespace {

using namespace std::chrono_literals;

// Runs the client by a shell, which redirects its output.
Finished redirected_client(const std::string& arguments, const std::string& redirections) {
  return run({"sh", "-c", "exec \"" COROECHO_CLIENT "\" " + arguments + " " + redirections});
}

void expect_full_disk_reported(const Finished& finished, const std::string& what) {
  EXPECT_EQ(finished.exit_code, 1) << what;
  EXPECT_NE(finished.errors.find("local: standard output: No space left on device"),
            std::string::npos)
      << what << ": " << finished.errors;
}

TEST(ClientOutput, AFullDiskIsAnErrorInEveryMode) {
  const Server server;
  const auto where = " 127.0.0.1 " + std::to_string(server.port());
  const std::string bench = "--bench --connections 2 --warmup 1ms --duration 50ms";
  for (const auto& arguments :
       {std::string("--help"), std::string("--version"), "--ping -c 2 -i 1ms" + where,
        "--ping -q -c 1" + where, "--ping --json -c 1" + where, bench + where,
        bench + " --json" + where, bench + " --csv" + where}) {
    expect_full_disk_reported(redirected_client(arguments, "> /dev/full"), arguments);
  }
  const auto piped =
      run({"sh", "-c", "echo hello | \"" COROECHO_CLIENT "\"" + where + " > /dev/full"});
  expect_full_disk_reported(piped, "in a pipe");
}

TEST(ClientOutput, EndsAnEndlessPingThatNobodyCanRead) {
  const Server server;
  const auto finished =
      redirected_client("--ping -i 1ms 127.0.0.1 " + std::to_string(server.port()), "> /dev/full");
  expect_full_disk_reported(finished, "--ping");
}

TEST(ClientOutput, AClosedStandardOutputIsAnError) {
  const auto finished = redirected_client("--version", ">&-");
  EXPECT_EQ(finished.exit_code, 1);
  EXPECT_NE(finished.errors.find("standard output: Bad file descriptor"), std::string::npos)
      << finished.errors;
}

TEST(ClientOutput, LeavesOutMessagesThatCannotBeWritten) {
  const ClosedPort closed;
  const auto where = " 127.0.0.1 " + std::to_string(closed.port());
  for (const std::string redirection : {"2>&-", "2> /dev/full"}) {
    for (const std::string mode : {"--ping -c 1", "--bench --duration 50ms", ""}) {
      const auto finished =
          run({"sh", "-c", "exec \"" COROECHO_CLIENT "\" " + mode + where + " " + redirection});
      EXPECT_EQ(finished.exit_code, 1) << mode << ' ' << redirection;
    }
    const auto usage = run({"sh", "-c", "exec \"" COROECHO_CLIENT "\" --bogus " + redirection});
    EXPECT_EQ(usage.exit_code, 2) << redirection;
  }
}

// Standard error is a pipe whose reader is gone for certain.
TEST(ClientOutput, IsNotEndedByAReaderOfMessagesWhoIsGone) {
  const auto finished = run({"bash", "-c",
                             "exec 3> >(exec sleep 0); wait $!; \"" COROECHO_CLIENT
                             "\" --bogus 2>&3; echo status=$?"});
  EXPECT_EQ(finished.output, "status=2\n");
}

// A client whose output goes into a pipe of one page, from which nothing is taken before it is
// full. The Python statements are run before the client starts, and when the pipe is full.
Finished ping_to_slow_reader(int count, const std::string& at_the_start,
                             const std::string& when_full) {
  const Server server;
  return run({"python3", "-c",
              "import fcntl, os, signal, struct, subprocess, sys, termios\n"
              "r, w = os.pipe()\n"
              "fcntl.fcntl(w, fcntl.F_SETPIPE_SZ, 4096)\n" +
                  at_the_start +
                  "client = subprocess.Popen(sys.argv[1:], stdout=w)\n"
                  "os.close(w)\n"
                  "def wait(seconds):\n"
                  "  try: client.wait(seconds)\n"
                  "  except subprocess.TimeoutExpired: pass\n"
                  "waiting = 0\n"
                  "while waiting < 3900 and client.poll() is None:\n"
                  "  waiting, = struct.unpack('i', fcntl.ioctl(r, termios.FIONREAD, b'1234'))\n" +
                  when_full +
                  "while data := os.read(r, 65536):\n"
                  "  sys.stdout.write(data.decode())\n"
                  "  wait(0.01)\n"
                  "sys.exit(client.wait())\n",
              COROECHO_CLIENT, "--ping", "-c", std::to_string(count), "-i", "1ms", "127.0.0.1",
              std::to_string(server.port())});
}

TEST(ClientOutput, WaitsForASlowReaderAlsoWhereThePipeDoesNotBlock) {
  const auto finished = ping_to_slow_reader(3000, "os.set_blocking(w, False)\n", "wait(0.2)\n");
  EXPECT_EQ(finished.exit_code, 0) << finished.errors;
  EXPECT_NE(finished.output.find("seq=3000 "), std::string::npos);
  EXPECT_NE(finished.output.find("3000 sent, 3000 received"), std::string::npos);
}

TEST(ClientOutput, GoesOnAfterASigquitWhileItWaitsForAReader) {
  const auto finished = ping_to_slow_reader(300, "",
                                            "for _ in range(3):\n"
                                            "  client.send_signal(signal.SIGQUIT)\n"
                                            "  wait(0.2)\n");
  EXPECT_EQ(finished.exit_code, 0) << finished.errors;
  EXPECT_NE(finished.output.find("seq=300 "), std::string::npos);
  EXPECT_NE(finished.output.find("300 sent, 300 received"), std::string::npos);
}

TEST(ClientOutput, IsWrittenToTheMasterOfATerminalToo) {
  const Server server;
  const auto finished =
      run({"python3", "-c",
           "import os, pty, subprocess, sys\n"
           "master, slave = pty.openpty()\n"
           "client = subprocess.run(sys.argv[1:], stdout=master)\n"
           "os.set_blocking(slave, False)\n"
           "sys.stdout.write(os.read(slave, 65536).decode())\n"
           "sys.exit(client.returncode)\n",
           COROECHO_CLIENT, "--ping", "-c", "1", "127.0.0.1", std::to_string(server.port())});
  EXPECT_EQ(finished.exit_code, 0) << finished.errors;
  EXPECT_NE(finished.output.find("connected to 127.0.0.1"), std::string::npos) << finished.output;
}

// A pipe of one page that nobody reads.
class UnreadPipe {
 public:
  UnreadPipe() : reader_(open_fifo(), "open") {
    if (::fcntl(reader_.get(), F_SETPIPE_SZ, page) != page) throw_errno("fcntl");
  }

  std::string path() const { return (directory_ / "fifo").string(); }
  void fill() const {
    const std::string bytes(page, 'x');
    if (::write(reader_.get(), bytes.data(), bytes.size()) != page) throw_errno("write");
  }
  bool is_full() const {
    int waiting = 0;
    return ::ioctl(reader_.get(), FIONREAD, &waiting) == 0 && waiting > page - 100;
  }

 private:
  static constexpr int page = 4096;

  int open_fifo() const {
    if (::mkfifo(path().c_str(), 0600) != 0) throw_errno("mkfifo");
    return ::open(path().c_str(), O_RDWR | O_CLOEXEC);
  }

  TemporaryDirectory directory_;
  FileDescriptor reader_;
};

class ClientOutputThatNobodyReads : public testing::TestWithParam<const char*> {};

TEST_P(ClientOutputThatNobodyReads, DoesNotKeepTheClientFromBeingEnded) {
  const Server server;
  const UnreadPipe pipe;
  Process process({"sh", "-c",
                   "exec \"" COROECHO_CLIENT "\" --ping -i 1ms 127.0.0.1 " +
                       std::to_string(server.port()) + " > " + pipe.path() + GetParam()});
  const auto deadline = Clock::now() + patience;
  while (!pipe.is_full() && Clock::now() < deadline)
    std::this_thread::sleep_for(1ms);
  ASSERT_TRUE(pipe.is_full());
  // A signal that comes just before the client waits is not noticed while it waits. Another one
  // must not come while the client ends, which takes a while under AddressSanitizer.
  std::optional<int> status;
  while (!status && Clock::now() < deadline) {
    process.signal(SIGTERM);
    try {
      status = process.wait(3s);
    } catch (const std::runtime_error&) {
    }
  }
  EXPECT_EQ(status, 1);
}

INSTANTIATE_TEST_SUITE_P(Streams, ClientOutputThatNobodyReads, testing::Values("", " 2>&1"),
                         [](const auto& redirection) {
                           return *redirection.param == '\0' ? "Output" : "OutputAndErrors";
                         });

TEST(ClientOutput, LeavesOutMessagesThatNobodyReads) {
  const ClosedPort closed;
  const UnreadPipe pipe;
  pipe.fill();
  for (const std::string mode : {"--ping -c 3 -i 1ms", "--bench", ""}) {
    Process process({"sh", "-c",
                     "exec \"" COROECHO_CLIENT "\" " + mode + " 127.0.0.1 " +
                         std::to_string(closed.port()) + " 2> " + pipe.path()});
    EXPECT_EQ(process.wait(20s), 1) << mode;
  }
}

// ---- names from the operator or the network

TEST(ClientOutput, ShowsNoNameAsItIsThatControlsTheTerminal) {
  const std::string evil = "x\033]52;c;eA==\a\xe2\x80\xae\xff";
  for (const auto& command : std::vector<std::vector<std::string>>{
           {COROECHO_CLIENT, evil, "1"},
           {COROECHO_CLIENT, "127.0.0.1", evil},
           {COROECHO_CLIENT, evil + ":99999"},
           {COROECHO_CLIENT, "--" + evil},
           {COROECHO_CLIENT, "--timeout", evil},
           {COROECHO_CLIENT, "--bench", "--mode", evil},
           {COROECHO_CLIENT, "--ping", "-c", "1", "--json", evil, "1"}}) {
    const auto finished = run(command);
    EXPECT_NE(finished.exit_code, 0);
    EXPECT_LE(finished.exit_code, 2);
    EXPECT_FALSE(finished.errors.empty());
    for (const std::string part : {"\033", "\a", "\xe2\x80\xae", "\xff"}) {
      EXPECT_EQ(finished.errors.find(part), std::string::npos) << finished.errors;
      EXPECT_EQ(finished.output.find(part), std::string::npos) << finished.output;
    }
  }
}

}  // namespace
}  // namespace service
