#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "tests/service/patience.hpp"
#include "tests/service/random_bytes.hpp"
#include "tests/service/server.hpp"

namespace service {
namespace {

using nlohmann::json;

std::string contents(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// Tries until `done` is true.
template <typename Done>
void wait_for(Done done, const char* what) {
  for (const auto deadline = Clock::now() + patience; !done();) {
    if (Clock::now() > deadline) throw std::runtime_error(std::string("time is up: ") + what);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

std::size_t occurrences(const std::string& text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

// A coroecho whose standard output the test does not read. It listens on a Unix socket, so that the
// test needs no log to find it.
class Service {
 public:
  // `wrapper` is a command that executes the one that follows it.
  explicit Service(const std::string& log, std::vector<std::string> wrapper = {})
      : process_(command(std::move(wrapper),
                         directory_.write("coroecho.yaml", "host: []\nunix: " + socket().string() +
                                                               "\nlog: " + log + "\n"))) {
    wait_for([this] { return std::filesystem::exists(socket()); }, "no socket");
  }

  SocketClient connect() const { return connect_when_listening(socket()); }

  Process& process() { return process_; }

  void stop(int exit_code = 0, const std::string& errors = "") {
    process_.signal(SIGTERM);
    EXPECT_EQ(exit_code, process_.wait());
    EXPECT_EQ(errors, process_.errors().wait_for_end());
  }

 private:
  static std::vector<std::string> command(std::vector<std::string> words,
                                          const std::filesystem::path& configuration) {
    words.insert(words.end(), {COROECHO, "--config", configuration});
    return words;
  }

  std::filesystem::path socket() const { return directory_ / "echo.sock"; }

  TemporaryDirectory directory_;
  Process process_;
};

std::string from_hex(const std::string& digits) {
  std::string bytes;
  for (std::size_t at = 0; at < digits.size(); at += 2)
    bytes += static_cast<char>(std::stoi(digits.substr(at, 2), nullptr, 16));
  return bytes;
}

TEST(Log, JsonLinesParseAndTellExactlyWhatWasReceived) {
  Server server("log: {format: json, payload: 64KiB}");
  // At most as much as the payload shows if everything comes at once.
  const std::string sent = random_bytes(60000) + "\xf0\x9f\x98\x80 \"quoted\\\" \xc3\xa9\n";
  expect_same_bytes(sent, server.connect().exchange(sent));
  server.stop(SIGTERM);

  std::istringstream log(server.log().wait_for_end());
  std::vector<std::string> events;
  std::string received;
  for (std::string line; std::getline(log, line);) {
    const json event = json::parse(line);  // strict: throws
    events.push_back(event["event"]);
    if (event["event"] == "receive") {
      EXPECT_EQ(0U, event.count("omitted"));
      received += event.contains("payload") ? event["payload"].get<std::string>()
                                            : from_hex(event["payload_hex"]);
    }
  }
  expect_same_bytes(sent, received);
  EXPECT_EQ(1, std::count(events.begin(), events.end(), "connect"));
  EXPECT_EQ(1, std::count(events.begin(), events.end(), "disconnect"));
}

TEST(Log, APipeThatNobodyReadsStallsNoEchoAndLosesNoCount) {
  constexpr std::size_t echoes = 20000;  // several times what is kept
  const TemporaryDirectory directory;
  const std::string pipe = directory / "stdout";
  ASSERT_EQ(0, ::mkfifo(pipe.c_str(), 0600));
  const FileDescriptor reader(::open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC), "open");
  Service service("{}", {"sh", "-c", R"(exec "$@" >"$0")", pipe});
  SocketClient client = service.connect();
  const std::string bytes = random_bytes(64);
  for (std::size_t count = 0; count < echoes; ++count)
    client.echo(bytes);

  std::string log;
  const auto read_available = [&] {
    std::array<char, 65536> chunk{};
    ssize_t size = 0;
    while ((size = ::read(reader.get(), chunk.data(), chunk.size())) > 0)
      log.append(chunk.data(), static_cast<std::size_t>(size));
    return size == 0;
  };
  wait_for(
      [&] {
        read_available();
        return log.ends_with(" log lines dropped\n");
      },
      "the loss is not told");
  client.close();
  wait_for(
      [&] {
        read_available();
        return log.ends_with(" s)\n");  // disconnected
      },
      "no line after the loss");
  service.stop();
  wait_for(read_available, "the pipe does not end");

  std::size_t lines = 0;
  std::size_t dropped = 0;
  std::istringstream stream(log);
  for (std::string line; std::getline(stream, line);) {
    if (line.find(" info client 1 ") != std::string::npos) ++lines;
    if (line.ends_with(" log lines dropped")) {
      dropped += std::stoul(line.substr(line.find(" warning ") + 9));
    }
  }
  EXPECT_LT(lines, echoes);
  EXPECT_EQ(echoes + 2, lines + dropped);
}

TEST(Log, AFullDiskStopsNeitherTheEchoNorTheEnd) {
  Service service("{file: /dev/full}");
  EXPECT_EQ("hello", service.connect().echo("hello"));
  service.stop(0,
               "coroecho: cannot log to /dev/full: No space left on device; "
               "lines that do not fit into memory are dropped\n");
}

TEST(Log, LeavesOutProbesAndNobodyElse) {
  Server server("log: {probes: false}");
  for (int probe = 0; probe < 3; ++probe)
    server.connect().exchange("");
  server.connect().reset();
  server.connect().echo("hello");
  server.log().wait_for_line(" disconnected");
  server.stop(SIGTERM);
  EXPECT_EQ(1U, server.log().count_lines(" connected from "));
  EXPECT_EQ(1U, server.log().count_lines(" disconnected"));
  EXPECT_EQ(3U, server.log().count_lines("client 5 ")) << server.log().text();
}

TEST(Log, MovesToANewFileWhenToldThatItWasRenamed) {
  const TemporaryDirectory directory;
  const std::filesystem::path file = directory / "log";
  const std::filesystem::path renamed = directory / "log.1";
  Service service("{file: " + file.string() + "}");
  const auto logged = [](const std::filesystem::path& where, const char* what) {
    wait_for([&] { return contents(where).find(what) != std::string::npos; }, what);
  };
  service.connect().echo("hello");
  logged(file, "client 1 disconnected");

  std::filesystem::rename(file, renamed);
  service.connect().echo("hello");
  logged(renamed, "client 2 disconnected");
  service.process().signal(SIGUSR2);
  wait_for([&] { return std::filesystem::exists(file); }, "no new file");
  service.connect().echo("hello");
  logged(file, "client 3 disconnected");
  service.stop();

  EXPECT_EQ(std::string::npos, contents(renamed).find("client 3"));
  EXPECT_EQ(std::string::npos, contents(file).find("client 2"));
  EXPECT_TRUE(contents(file).ends_with(" stopped\n"));
}

// Most configurations of logrotate call `systemctl reload` or send SIGHUP.
TEST(Log, MovesToANewFileWhenReloadedAfterItWasRenamed) {
  const TemporaryDirectory directory;
  const std::filesystem::path file = directory / "log";
  const std::filesystem::path renamed = directory / "log.1";
  Service service("{file: " + file.string() + "}");
  std::filesystem::rename(file, renamed);
  std::ofstream(file).close();
  service.process().signal(SIGHUP);
  wait_for([&] { return contents(file).find("reloaded") != std::string::npos; }, "not reloaded");
  service.connect().echo("hello");
  wait_for([&] { return contents(file).find(" disconnected") != std::string::npos; }, "no line");
  service.stop();
  EXPECT_EQ(std::string::npos, contents(renamed).find("hello"));
}

TEST(Log, LeavesTimeAndLevelToTheJournal) {
  Service service("{}", {"sh", "-c",
                         "exec 3>&1; JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/3); "
                         "export JOURNAL_STREAM; exec \"$@\" 3>&-",
                         "sh"});
  service.connect().echo("hello");
  const CapturedOutput& log = service.process().output();
  log.wait_for_line("client 1 disconnected");
  EXPECT_EQ(0U, log.wait_for_line("client 1 connected")
                    .find("<6>client 1 connected from unix, uid " + std::to_string(::getuid()) +
                          ", pid " + std::to_string(::getpid()) + ", on unix:"));
  EXPECT_EQ("<6>client 1 received 5 bytes: \"hello\"", log.wait_for_line("client 1 received"));
  service.stop();
}

TEST(Log, WhatKeepsTheServiceFromStartingIsAnErrorInTheJournal) {
  const Finished finished = run({"sh", "-c",
                                 "exec 3>&2; JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/3); "
                                 "export JOURNAL_STREAM; exec \"$@\" 3>&-",
                                 "sh", COROECHO, "--port", "none"});
  EXPECT_EQ(64, finished.exit_code);
  EXPECT_TRUE(finished.errors.starts_with("<3>coroecho: --port: ")) << finished.errors;
}

TEST(Log, TakesTheJournalOfSomebodyElseForAPipe) {
  Service service("{}", {"env", "JOURNAL_STREAM=1:1"});
  service.connect().echo("hello");
  const std::string line = service.process().output().wait_for_line("client 1 connected");
  EXPECT_NE(std::string::npos, line.find("Z info client 1 connected from unix")) << line;
  service.stop();
}

TEST(Log, TellsStatisticsWhenAsked) {
  Server server;
  SocketClient client = server.connect();
  client.echo("hello");
  server.process().signal(SIGUSR1);
  const std::string first = server.log().wait_for_line("statistics: uptime ");
  EXPECT_TRUE(first.ends_with("; 1 accepted, 1 active, 1 peak")) << first;
  for (const char* line :
       {" statistics, refused: 0 limit", " statistics, echo: 5 bytes in, 5 bytes",
        " 0 log lines dropped", " lag p50 "})
    server.log().wait_for_line(line);
}

TEST(Log, TellsStatisticsInOneObjectOfJson) {
  Service service("{format: json}");
  service.process().signal(SIGUSR1);
  const auto line = nlohmann::json::parse(service.process().output().wait_for_line("statistics"));
  EXPECT_EQ("statistics", line["event"]);
  EXPECT_EQ(0, line["statistics"]["connections"]["accepted"]);
  EXPECT_TRUE(line["message"].get<std::string>().starts_with("statistics: uptime "));
}

TEST(Log, TellsStatisticsAtEveryLevelThatLogsAnything) {
  for (const std::string level : {"warning", "error", "critical"}) {
    Service service("{level: " + level + "}");
    service.process().signal(SIGUSR1);
    EXPECT_NO_THROW(service.process().output().wait_for_line(" info statistics: uptime ")) << level;
  }
}

TEST(Log, LeavesNothingUnwrittenAfterASecondSignal) {
  constexpr std::size_t count = 200;
  Server server("shutdown: {delay: 1h}");
  std::vector<SocketClient> clients;
  for (std::size_t number = 0; number < count; ++number) {
    clients.push_back(server.connect());
    clients.back().echo("hello");
  }
  server.process().signal(SIGTERM);
  server.log().wait_for_line("stopping in ");
  server.stop(SIGTERM, 1);
  const std::string log = server.log().text();
  EXPECT_EQ(count, occurrences(log, " connected from "));
  EXPECT_EQ(count, occurrences(log, " received 5 bytes: \"hello\"\n"));
  EXPECT_EQ(count, occurrences(log, " disconnected: shutdown (5 bytes in, 5 bytes out, "));
  EXPECT_TRUE(log.ends_with(" info stopped by force\n")) << log.substr(log.size() - 200);
}

}  // namespace
}  // namespace service
