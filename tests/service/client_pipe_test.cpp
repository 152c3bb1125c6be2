#include <fcntl.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/service/client.hpp"
#include "tests/service/client_faulty_server.hpp"
#include "tests/service/closed_port.hpp"
#include "tests/service/random_bytes.hpp"
#include "tests/service/scale.hpp"
#include "tests/service/server.hpp"

// coroecho-client in a pipe.
namespace service {
namespace {

void expect_failure(const Finished& finished, const std::string& message) {
  EXPECT_EQ(finished.exit_code, 1);
  expect_contains(finished.errors, "coroecho-client: " + message);
}

// The most memory that a process has had, in KiB.
std::size_t peak_memory(const Process& process) {
  std::ifstream status("/proc/" + std::to_string(process.pid()) + "/status");
  for (std::string word; status >> word;) {
    std::size_t kibibytes = 0;
    if (word == "VmHWM:" && status >> kibibytes) return kibibytes;
  }
  return 0;
}

TEST(ClientPipe, PrintsWhatComesBackAndExits0) {
  const Server server;
  // The server closes when it hears of the end.
  const auto finished = run(client(server.port(), {"--timeout", "1h"}), "hello\n");
  EXPECT_EQ(finished.exit_code, 0);
  EXPECT_EQ(finished.output, "hello\n");
  EXPECT_EQ(finished.errors, "");
}

TEST(ClientPipe, TakesHostAndPortInEveryForm) {
  const Server server("", {"--host", "localhost", "--port", "0"});
  const auto port = std::to_string(server.port());
  const auto port6 = std::to_string(server.port("[::1]"));
  for (const auto& arguments : std::vector<std::vector<std::string>>{{"127.0.0.1:" + port},
                                                                     {"localhost", port},
                                                                     {"localhost:" + port},
                                                                     {"[::1]:" + port6},
                                                                     {"::1", port6}}) {
    std::vector<std::string> command = {COROECHO_CLIENT};
    command.insert(command.end(), arguments.begin(), arguments.end());
    const auto finished = run(command, "x");
    EXPECT_EQ(finished.exit_code, 0) << arguments.front() << ": " << finished.errors;
    EXPECT_EQ(finished.output, "x");
  }
}

TEST(ClientPipe, SucceedsWithNothing) {
  const Server server;
  const auto finished = run(client(server.port()));
  EXPECT_EQ(finished.exit_code, 0) << finished.errors;
  EXPECT_EQ(finished.output, "");
}

TEST(ClientPipe, IsBinarySafe) {
  const Server server;
  std::string bytes;
  for (int value = 0; value < 256; ++value)
    bytes += static_cast<char>(value);
  expect_same_bytes(bytes, run(client(server.port()), bytes).output);
}

TEST(ClientPipe, Returns64MebibytesOfAFile) {
  const Server server;
  const TemporaryDirectory directory;
  const auto bytes = random_bytes(64 * mebibyte);
  const auto file = directory.write("input", bytes);
  const auto output = directory / "output";
  const auto finished = run({"sh", "-c", "exec \"$0\" 127.0.0.1 \"$1\" < \"$2\" > \"$3\"",
                             COROECHO_CLIENT, std::to_string(server.port()), file, output});
  EXPECT_EQ(finished.exit_code, 0) << finished.errors;
  std::ifstream stream(output, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  expect_same_bytes(bytes, text.str());
}

TEST(ClientPipe, DoesNotGrowWithWhatGoesThroughIt) {
  const Server server;
  Process process(client(server.port()));
  const auto piece = random_bytes(mebibyte);
  for (int i = 0; i < 200; ++i)
    ASSERT_TRUE(process.write(piece));
  process.output().wait_for_bytes(200 * mebibyte);
  EXPECT_LT(peak_memory(process), 64 * 1024U);
  process.close_input();
  EXPECT_EQ(process.wait(), 0);
}

TEST(ClientPipe, SendsAndReceivesAtOnce) {
  const Server server;
  Process process(client(server.port()));
  process.write("one");
  process.output().wait_for_bytes(3);
  process.write("two");
  process.output().wait_for_bytes(6);
  process.close_input();
  EXPECT_EQ(process.wait(), 0);
  EXPECT_EQ(process.output().wait_for_end(), "onetwo");
}

TEST(ClientPipe, WorksWithSocatAndItsCat) {
  Process socat({"socat", "-d", "-d", "TCP-LISTEN:0,bind=127.0.0.1,fork", "EXEC:cat"});
  const auto line = socat.errors().wait_for_line("listening on");
  const auto port = static_cast<std::uint16_t>(std::stoi(line.substr(line.rfind(':') + 1)));
  const auto bytes = random_bytes(4 * mebibyte);
  const auto finished = run(client(port), bytes);
  EXPECT_EQ(finished.exit_code, 0) << finished.errors;
  expect_same_bytes(bytes, finished.output);
}

// ---- failures

TEST(ClientPipe, FindsTheByteThatWasChanged) {
  const FaultyServer server([](FaultyConnection& connection, int) {
    auto bytes = connection.receive(10);
    bytes[5] = 'X';
    connection.send(bytes);
    connection.be_silent();
  });
  const auto finished = run(client(server.port()), "0123456789");
  expect_failure(finished, "mismatch: at offset 5: expected 0x35 '5', got 0x58 'X'");
  EXPECT_EQ(finished.output, "01234");
}

TEST(ClientPipe, FindsAByteTooMany) {
  const FaultyServer server([](FaultyConnection& connection, int) {
    connection.send(connection.receive(3) + "!");
    connection.be_silent();
  });
  expect_failure(run(client(server.port()), "abc"),
                 "mismatch: at offset 3: expected nothing, got 0x21 '!'");
}

TEST(ClientPipe, SaysHowMuchIsMissingWhenTheServerCloses) {
  const FaultyServer server([](FaultyConnection& connection, int) {
    connection.send(connection.receive(10).substr(0, 4));
  });
  const auto finished = run(client(server.port()), "0123456789");
  expect_failure(finished, "closed: ");
  expect_contains(finished.errors, "6 bytes did not come back");
  EXPECT_EQ(finished.output, "0123");
}

TEST(ClientPipe, SaysThatTheServerReset) {
  const FaultyServer server([](FaultyConnection& connection, int) {
    connection.receive(4);
    connection.reset();
  });
  expect_failure(run(client(server.port()), "0123"), "reset: ");
}

TEST(ClientPipe, GivesUpOnAServerThatNeverAnswers) {
  const FaultyServer server([](FaultyConnection& connection, int) { connection.be_silent(); });
  expect_failure(run(client(server.port(), {"--timeout", "300ms"}), "0123"), "timeout: ");
}

TEST(ClientPipe, GivesUpOnAServerThatTakesNothingThoughTheInputGoesOn) {
  const FaultyServer server([](FaultyConnection& connection, int) { connection.be_silent(); });
  Process process(client(server.port(), {"--timeout", "300ms"}));
  const auto piece = random_bytes(mebibyte);
  while (process.write(piece)) {
  }
  EXPECT_EQ(process.wait(), 1);
  expect_contains(process.errors().wait_for_end(), "timeout: ");
}

// The time-out is for a lack of progress, not for the whole run.
TEST(ClientPipe, WaitsForASlowServerAsLongAsThereIsProgress) {
  const FaultyServer server([](FaultyConnection& connection, int) {
    for (const char byte : connection.receive(6)) {
      connection.wait(std::chrono::milliseconds(300));
      connection.send(std::string(1, byte));
    }
  });
  const auto finished = run(client(server.port(), {"--timeout", "1.5"}), "012345");
  EXPECT_EQ(finished.exit_code, 0) << finished.errors;
  EXPECT_EQ(finished.output, "012345");
}

TEST(ClientPipe, WaitsForASlowReaderLongerThanForTheServer) {
  const Server server;
  const auto finished =
      run({"bash", "-c",
           "head -c 4000000 /dev/zero | \"$0\" 127.0.0.1 \"$1\" --timeout 400ms | "
           "{ sleep 1; wc -c; }; echo ${PIPESTATUS[1]}",
           COROECHO_CLIENT, std::to_string(server.port())});
  EXPECT_EQ(finished.output, "4000000\n0\n") << finished.errors;
}

TEST(ClientPipe, SucceedsWhenAllCameBackThoughTheServerDoesNotClose) {
  const FaultyServer server([](FaultyConnection& connection, int) {
    connection.send(connection.receive(4));
    connection.be_silent();
  });
  const auto finished = run(client(server.port(), {"--timeout", "300ms"}), "0123");
  EXPECT_EQ(finished.exit_code, 0) << finished.errors;
}

TEST(ClientPipe, SaysThatNothingListens) {
  const ClosedPort closed;
  expect_failure(run(client(closed.port()), "x"),
                 "refused: nothing listens on 127.0.0.1:" + std::to_string(closed.port()));
}

TEST(ClientPipe, SaysThatANameHasNoAddress) {
  expect_failure(run({COROECHO_CLIENT, "nobody.invalid"}, "x"), "dns: ");
}

TEST(ClientPipe, SaysThatThereIsNoWay) {
  if (!can_make_networks()) GTEST_SKIP() << "needs to make network namespaces";
  expect_failure(run({"unshare", "--map-root-user", "--net", COROECHO_CLIENT, "192.0.2.1"}, "x"),
                 "unreachable: no way to 192.0.2.1:8888");
}

TEST(ClientPipe, ExitsWith2ForAMistakeOnTheCommandLine) {
  const auto finished = run({COROECHO_CLIENT, "localhost", "99999"});
  EXPECT_EQ(finished.exit_code, 2);
  expect_contains(finished.errors, "PORT: found \"99999\"");
  EXPECT_EQ(finished.output, "");
}

// ---- as a part of a pipeline

TEST(ClientPipe, EndsQuietlyWhenItsReaderGoes) {
  const Server server;
  const auto finished =
      run({"bash", "-c",
           "head -c 50000000 /dev/zero | \"$0\" 127.0.0.1 \"$1\" | head -c 1 | wc -c; echo "
           "${PIPESTATUS[1]}",
           COROECHO_CLIENT, std::to_string(server.port())});
  EXPECT_EQ(finished.output, "1\n141\n");
  EXPECT_EQ(finished.errors, "");
}

// Two lines, one from before and one from after.
void expect_the_same_flags(const std::string& text) {
  std::istringstream lines(text);
  std::string before;
  std::string after;
  std::getline(lines, before);
  std::getline(lines, after);
  expect_contains(before, "flags:");
  EXPECT_EQ(before, after);
}

TEST(ClientPipe, LeavesASharedInputBlocking) {
  const Server server;
  const auto finished =
      run({"sh", "-c",
           "echo x | { grep flags /proc/self/fdinfo/0; \"$0\" 127.0.0.1 \"$1\" >/dev/null; grep "
           "flags /proc/self/fdinfo/0; }",
           COROECHO_CLIENT, std::to_string(server.port())});
  expect_the_same_flags(finished.output);
}

TEST(ClientPipe, LeavesASharedOutputBlocking) {
  const Server server;
  const auto finished =
      run({"sh", "-c",
           "{ grep flags /proc/self/fdinfo/3 >&2; echo x | \"$0\" 127.0.0.1 \"$1\"; grep flags "
           "/proc/self/fdinfo/3 >&2; } 3>&1 | cat",
           COROECHO_CLIENT, std::to_string(server.port())});
  EXPECT_EQ(finished.output, "x\n");
  expect_the_same_flags(finished.errors);
}

TEST(ClientPipe, SaysThatAStandardStreamIsClosed) {
  const Server server;
  const auto redirected = [&](const std::string& redirection) {
    return run({"sh", "-c", "echo x | \"$0\" 127.0.0.1 \"$1\" " + redirection, COROECHO_CLIENT,
                std::to_string(server.port())});
  };
  expect_failure(redirected("<&-"), "local: standard input: Bad file descriptor");
  expect_failure(redirected(">&-"), "local: standard output: Bad file descriptor");
}

TEST(ClientPipe, SaysThatTheOutputIsFull) {
  const Server server;
  const auto finished = run({"sh", "-c", "echo x | \"$0\" 127.0.0.1 \"$1\" > /dev/full",
                             COROECHO_CLIENT, std::to_string(server.port())});
  expect_failure(finished, "local: standard output: ");
}

}  // namespace
}  // namespace service
