#include "server/log/event_log.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "server/config/config_error.hpp"
#include "server/session/client_log.hpp"
#include "tests/temporary_directory.hpp"
#include "tests/unit/server/pipe.hpp"

namespace server {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> file_lines(const std::filesystem::path& path) {
  std::stringstream content;
  content << std::ifstream(path).rdbuf();
  return lines_of(content.str());
}

class EventLogTest : public testing::Test {
 protected:
  void SetUp() override { std::signal(SIGPIPE, SIG_IGN); }

  // The lines in the pipe after a flush.
  std::vector<std::string> flushed() {
    log_.flush();
    return lines_of(pipe_.read());
  }

  // Configures the defaults with what `change` changes in them.
  template <typename Change>
  void configure(Change change) {
    Config config;
    change(config.log);
    log_.configure(config);
  }

  TemporaryDirectory directory_;
  std::filesystem::path file_ = directory_ / "log";
  Pipe pipe_;
  EventLog log_{pipe_.writer()};
};

// Reads all lines while the log flushes as its owner would: at retry_at().
std::vector<std::string> read_all(EventLog& log, Pipe& pipe) {
  std::string all = pipe.read();
  log.flush();
  while (const auto retry_at = log.retry_at()) {
    std::this_thread::sleep_until(*retry_at);
    log.flush();
    all += pipe.read();
  }
  return lines_of(all + pipe.read());
}

// The lines that are events of clients, and the sum of all "N log lines dropped".
struct Account {
  std::uint64_t events = 0;
  std::uint64_t told_lost = 0;
};

Account account(const std::vector<std::string>& lines) {
  Account sum;
  for (const std::string& line : lines) {
    if (const auto at = line.find(" log lines dropped"); at != std::string::npos) {
      sum.told_lost += std::stoull(line.substr(line.rfind(' ', at - 1)));
    } else {
      EXPECT_THAT(line, testing::AllOf(HasSubstr(" info client 1 received 64 bytes: \"aaa"),
                                       EndsWith("aaa\"")));
      ++sum.events;
    }
  }
  return sum;
}

TEST_F(EventLogTest, WritesNothingBeforeFlush) {
  log_.info({"test"}, "listening on {}:{}", "127.0.0.1", 8888);
  EXPECT_EQ(pipe_.read(), "");
  EXPECT_THAT(flushed(), ElementsAre(EndsWith(" info listening on 127.0.0.1:8888")));
  EXPECT_THAT(flushed(), IsEmpty());
}

TEST_F(EventLogTest, WritesAllLinesAtOnce) {
  // Each write is one message of such a socket.
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends.data()), 0);
  EventLog log(ends[1]);
  ClientLog client(log, 1, "peer");
  client.connected();
  client.received("hello");
  client.disconnected("closed by client", {});
  log.flush();
  std::array<char, 1000> message{};
  const auto size = ::recv(ends[0], message.data(), message.size(), MSG_DONTWAIT);
  EXPECT_EQ(std::count(message.begin(), message.begin() + size, '\n'), 3);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_F(EventLogTest, KeepsTheOrderOfEventsAndMessages) {
  log_.info({"test"}, "before");
  ClientLog client(log_, 1, "peer");
  client.connected();
  log_.warn({"test"}, "between");
  client.received("x");
  log_.info({"test"}, "after");
  EXPECT_THAT(flushed(), ElementsAre(EndsWith("before"), EndsWith("connected from peer"),
                                     EndsWith("between"), EndsWith("\"x\""), EndsWith("after")));
}

TEST_F(EventLogTest, LosesNothingHoweverMuchIsLoggedBetweenFlushes) {
  configure([&](LogConfig& config) {
    config.file = file_;
    config.payload = 65536;
  });
  ClientLog client(log_, 1, "peer");
  client.connected();
  const std::string control_characters(65536, '\x01');
  for (int i = 0; i < 50; ++i) {
    client.received(control_characters);
  }
  for (int i = 0; i < 5000; ++i) {
    client.received("x");
  }
  EXPECT_FALSE(file_lines(file_).empty());  // memory is bounded all the same
  log_.flush();
  EXPECT_EQ(file_lines(file_).size(), 5051U);
  EXPECT_EQ(log_.dropped_lines(), 0U);
}

TEST_F(EventLogTest, AccountsForEveryLineOfAPipeThatNobodyReads) {
  ClientLog client(log_, 1, "peer");
  client.connected();
  flushed();
  const std::string data(64, 'a');
  std::uint64_t sent = 0;
  std::vector<std::string> lines;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 20000; ++i, ++sent) {
      client.received(data);
      if (i % 7 == 0) {
        log_.flush();
      }
    }
    const auto read = read_all(log_, pipe_);
    EXPECT_THAT(read.back(), HasSubstr(" warning "));
    EXPECT_THAT(read.back(), EndsWith(" log lines dropped"));
    lines.insert(lines.end(), read.begin(), read.end());
  }
  const Account sum = account(lines);
  EXPECT_EQ(sum.told_lost, log_.dropped_lines());
  EXPECT_EQ(sum.events + sum.told_lost, sent);
  EXPECT_GT(sum.told_lost, 0U);
}

TEST_F(EventLogTest, TellsOfDroppedLinesWhereTheyWereDropped) {
  ClientLog client(log_, 1, "peer");
  client.connected();
  while (log_.dropped_lines() == 0) {
    client.received("x");
    log_.flush();
  }
  read_all(log_, pipe_);
  log_.info({"test"}, "afterwards");
  EXPECT_THAT(flushed(), ElementsAre(EndsWith("afterwards")));
}

TEST_F(EventLogTest, TellsOfDroppedLinesInJsonToo) {
  configure([](LogConfig& config) { config.format = LogFormat::json; });
  ClientLog client(log_, 1, "peer");
  client.connected();
  while (log_.dropped_lines() == 0) {
    client.received("x");
    log_.flush();
  }
  const auto last = nlohmann::json::parse(read_all(log_, pipe_).back());
  EXPECT_EQ(last["event"], "dropped");
  EXPECT_EQ(last["lines"], log_.dropped_lines());
}

TEST_F(EventLogTest, AccountsForEveryLineOfAFullDisk) {
  configure([](LogConfig& config) { config.file = "/dev/full"; });
  ClientLog client(log_, 1, "peer");
  client.connected();
  const std::string data(64, 'a');
  constexpr std::uint64_t sent = 30000;
  for (std::uint64_t i = 0; i < sent; ++i) {
    client.received(data);
    log_.flush();
  }
  EXPECT_GT(log_.dropped_lines(), 0U);
  configure([&](LogConfig& config) { config.file = file_; });
  auto lines = file_lines(file_);
  ASSERT_THAT(lines.at(0), EndsWith("client 1 connected from peer"));
  lines.erase(lines.begin());
  const Account sum = account(lines);
  EXPECT_EQ(sum.told_lost, log_.dropped_lines());
  EXPECT_EQ(sum.events + sum.told_lost, sent);
}

// The size that files may grow to is a disk that fills up in the middle of a line.
TEST_F(EventLogTest, GoesOnInTheMiddleOfALineWhenTheDiskHasSpaceAgain) {
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit unlimited{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &unlimited), 0);
  const rlimit small{.rlim_cur = 100000, .rlim_max = unlimited.rlim_max};
  configure([&](LogConfig& config) {
    config.file = file_;
    config.events.connect = false;
  });
  ClientLog client(log_, 1, "peer");
  client.connected();
  std::uint64_t sent = 0;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  for (; log_.dropped_lines() < 1000; ++sent) {
    client.received(std::string(64, 'a'));
    log_.flush();
  }
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &unlimited), 0);
  std::this_thread::sleep_until(log_.retry_at().value());
  client.received(std::string(64, 'a'));
  log_.flush();
  const auto lines = file_lines(file_);
  const Account sum = account(lines);
  EXPECT_EQ(sum.events + sum.told_lost, sent + 1);
  EXPECT_EQ(sum.told_lost, 1000U);
  // A line that is logged after the lost ones comes after the line that reports their loss.
  EXPECT_THAT(lines.at(lines.size() - 2), EndsWith(" 1000 log lines dropped"));
}

TEST_F(EventLogTest, TellsAtOnceOfALineThatCanNeverFit) {
  log_.info({"test"}, "{}", std::string(LogOutput::capacity, 'x'));
  EXPECT_THAT(flushed(), ElementsAre(EndsWith(" warning 1 log lines dropped")));
}

TEST_F(EventLogTest, LogsFromItsLevelUp) {
  configure([](LogConfig& config) { config.level = spdlog::level::warn; });
  ClientLog client(log_, 1, "peer");
  client.connected();
  client.received("x");
  client.disconnected("closed by client", {});
  log_.info({"test"}, "quiet");
  log_.warn({"test"}, "loud");
  EXPECT_THAT(flushed(), ElementsAre(EndsWith(" warning loud")));
}

TEST_F(EventLogTest, ShowsDebugMessagesOnlyWhenAsked) {
  log_.debug({"test"}, "hidden");
  configure([](LogConfig& config) { config.level = spdlog::level::debug; });
  log_.debug({"test"}, "shown");
  EXPECT_THAT(flushed(), ElementsAre(EndsWith(" debug shown")));
}

TEST_F(EventLogTest, WritesWhatWasLoggedBeforeAsItWasConfiguredThen) {
  log_.info({"test"}, "text");
  configure([](LogConfig& config) { config.format = LogFormat::json; });
  log_.info({"test"}, "json");
  configure([](LogConfig&) {});
  log_.info({"test"}, "text again");
  const auto lines = flushed();
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_THAT(lines[0], EndsWith(" info text"));
  EXPECT_EQ(nlohmann::json::parse(lines[1])["message"], "json");
  EXPECT_THAT(lines[2], EndsWith(" info text again"));
}

TEST_F(EventLogTest, MovesToAFileAndBack) {
  log_.info({"test"}, "first");
  configure([&](LogConfig& config) { config.file = file_; });
  log_.info({"test"}, "second");
  configure([](LogConfig&) {});
  log_.info({"test"}, "third");
  EXPECT_THAT(flushed(), ElementsAre(EndsWith("first"), EndsWith("third")));
  EXPECT_THAT(file_lines(file_), ElementsAre(EndsWith("second")));
}

TEST_F(EventLogTest, StaysAsItIsWhenTheNewFileCannotBeOpened) {
  configure([&](LogConfig& config) { config.file = file_; });
  const LogConfig before = log_.config();
  Config config;
  config.log.format = LogFormat::json;
  config.log.file = "/proc/none/log";
  try {
    log_.configure(config);
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_STREQ(
        error.what(),
        "key 'log.file': cannot open log file '/proc/none/log': No such file or directory");
  }
  EXPECT_EQ(log_.config(), before);
  log_.info({"test"}, "still here");
  log_.flush();
  EXPECT_THAT(file_lines(file_), ElementsAre(EndsWith(" info still here")));
}

TEST_F(EventLogTest, ReopensAFileThatWasRenamed) {
  configure([&](LogConfig& config) { config.file = file_; });
  log_.info({"test"}, "old");
  std::filesystem::rename(file_, directory_ / "log.1");
  log_.info({"test"}, "old as well: it was logged before the reopening");
  log_.reopen();
  log_.info({"test"}, "new");
  log_.flush();
  EXPECT_EQ(file_lines(directory_ / "log.1").size(), 2U);
  EXPECT_THAT(file_lines(file_), ElementsAre(EndsWith("new")));
}

TEST_F(EventLogTest, KeepsTheOldFileWhenReopeningFails) {
  configure([&](LogConfig& config) { config.file = file_; });
  std::filesystem::rename(file_, directory_ / "log.1");
  std::filesystem::create_directory(file_);
  log_.reopen();
  log_.info({"test"}, "still here");
  log_.flush();
  EXPECT_THAT(file_lines(directory_ / "log.1"),
              ElementsAre(EndsWith(fmt::format(" error cannot reopen log file '{}': Is a "
                                               "directory; the old one stays in use",
                                               file_.string())),
                          EndsWith("still here")));
}

TEST_F(EventLogTest, ReopeningStandardOutputChangesNothing) {
  log_.info({"test"}, "one");
  log_.reopen();
  log_.info({"test"}, "two");
  EXPECT_THAT(flushed(), ElementsAre(EndsWith("one"), EndsWith("two")));
}

TEST_F(EventLogTest, CloseWritesWhatIsLeft) {
  log_.info({"test"}, "last words");
  log_.close();
  EXPECT_THAT(lines_of(pipe_.read()), ElementsAre(EndsWith("last words")));
}

TEST_F(EventLogTest, EndingWritesWhatIsLeft) {
  Pipe pipe;
  {
    EventLog log(pipe.writer());
    log.info({"test"}, "last words");
  }
  EXPECT_THAT(lines_of(pipe.read()), ElementsAre(EndsWith("last words")));
}

TEST_F(EventLogTest, CloseGivesUpOnAReaderThatDoesNotReadAndCountsTheRest) {
  ClientLog client(log_, 1, "peer");
  client.connected();
  flushed();
  constexpr std::uint64_t sent = 20000;
  for (std::uint64_t i = 0; i < sent; ++i) {
    client.received(std::string(64, 'a'));
  }
  log_.close(std::chrono::milliseconds(10));
  auto lines = lines_of(pipe_.read());
  if (lines.back().ends_with(" (unfinished)")) {
    lines.pop_back();
  }
  EXPECT_EQ(account(lines).events + log_.dropped_lines(), sent);
  EXPECT_FALSE(log_.retry_at());
}

TEST_F(EventLogTest, CloseWaitsForASlowReaderAndTellsWhatWasDropped) {
  ClientLog client(log_, 1, "peer");
  client.connected();
  flushed();
  constexpr std::uint64_t sent = 20000;
  for (std::uint64_t i = 0; i < sent; ++i) {
    client.received(std::string(64, 'a'));
  }
  std::string all;
  std::jthread reader([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      all += pipe_.read();
      std::this_thread::yield();
    }
  });
  log_.close(std::chrono::hours(1));
  reader.request_stop();
  reader.join();
  const Account sum = account(lines_of(all + pipe_.read()));
  EXPECT_EQ(sum.events + sum.told_lost, sent);
  EXPECT_GT(sum.told_lost, 0U);
}

TEST_F(EventLogTest, AnotherProgramWritesWhatThisOneCouldNot) {
  ClientLog client(log_, 1, "peer");
  client.connected();
  flushed();
  constexpr std::uint64_t sent = 20000;
  for (std::uint64_t i = 0; i < sent; ++i)
    client.received(std::string(64, 'a'));
  log_.flush();
  EventLog next(pipe_.writer());
  next.adopt(log_.state());
  const Account sum = account(read_all(next, pipe_));
  EXPECT_EQ(sum.events + sum.told_lost, sent);
  EXPECT_GT(sum.told_lost, 0U);
  EXPECT_EQ(next.dropped_lines(), sum.told_lost);
}

TEST_F(EventLogTest, PrintsNoTimeForTheJournal) {
  struct stat status {};
  ASSERT_EQ(::fstat(pipe_.writer(), &status), 0);
  ::setenv("JOURNAL_STREAM", fmt::format("{}:{}", status.st_dev, status.st_ino).c_str(), 1);
  EventLog log(pipe_.writer());
  log.warn({"test"}, "careful");
  Config config;
  config.log.file = file_;
  log.configure(config);
  log.warn({"test"}, "careful");
  log.flush();
  ::unsetenv("JOURNAL_STREAM");
  EXPECT_EQ(pipe_.read(), "<4>careful\n");
  EXPECT_THAT(file_lines(file_), ElementsAre(EndsWith("Z warning careful")));
}

}  // namespace
}  // namespace server
