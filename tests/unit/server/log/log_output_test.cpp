#include "server/log/log_output.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <random>
#include <string>
#include <thread>

#include "tests/unit/server/pipe.hpp"

namespace server {
namespace {

using std::chrono::steady_clock;

LogOutput output_to(Pipe& pipe) {
  return LogOutput(LogDestination::inherited(pipe.writer()));
}

// Numbered, so that a test sees which are there, and of any length, so that writes end within them.
std::string numbered_line(std::uint64_t number) {
  static std::mt19937 random(3);
  return fmt::format("{} {}\n", number, std::string(random() % 3000, 'x'));
}

// Appends until lines are dropped; how many were appended.
std::uint64_t overfill(LogOutput& output) {
  std::uint64_t appended = 0;
  while (output.dropped() < 100) {
    output.append(numbered_line(appended++));
  }
  return appended;
}

// Reads all that arrives while the output is written out.
std::string read_out(LogOutput& output, Pipe& pipe) {
  std::string all;
  while (output.retry_at()) {
    all += pipe.read();
    output.drain(steady_clock::now());
  }
  return all + pipe.read();
}

TEST(LogOutput, WritesNothingUntilTold) {
  Pipe pipe;
  LogOutput output = output_to(pipe);
  output.append("one\n");
  output.append("two\n");
  EXPECT_EQ(pipe.read(), "");
  EXPECT_TRUE(output.retry_at());
  output.write();
  EXPECT_EQ(pipe.read(), "one\ntwo\n");
  EXPECT_FALSE(output.retry_at());
}

TEST(LogOutput, DropsWholeLinesAndCountsThemExactly) {
  Pipe pipe;
  LogOutput output = output_to(pipe);
  const std::uint64_t appended = overfill(output);
  EXPECT_EQ(output.take_unreported(), 0U);  // not while lines wait

  const auto lines = lines_of(read_out(output, pipe));
  EXPECT_EQ(lines.size() + output.dropped(), appended);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    // The oldest are kept, in order, to their last character.
    EXPECT_TRUE(lines[i].starts_with(fmt::format("{} ", i)));
    EXPECT_TRUE(lines[i].ends_with('x') || lines[i].ends_with(' '));
  }
  EXPECT_EQ(output.take_unreported(), output.dropped());
  EXPECT_EQ(output.take_unreported(), 0U);
  EXPECT_FALSE(output.dropping());
}

TEST(LogOutput, HoldsAtMostItsCapacityAndThePipes) {
  Pipe pipe;
  LogOutput output = output_to(pipe);
  overfill(output);
  EXPECT_LE(read_out(output, pipe).size(), LogOutput::capacity + 65536);
}

TEST(LogOutput, DropsUntilAllThatWasKeptIsWritten) {
  Pipe pipe;
  LogOutput output = output_to(pipe);
  overfill(output);
  pipe.read();
  output.drain(steady_clock::now());
  const auto dropped = output.dropped();
  output.append("there is room, but the number of lost lines comes first\n");
  EXPECT_EQ(output.dropped(), dropped + 1);
}

TEST(LogOutput, KeepsUpWithAReaderThatReadsEnough) {
  Pipe pipe;
  LogOutput output = output_to(pipe);
  std::uint64_t read = 0;
  for (std::uint64_t i = 0; i < 5000; ++i) {
    output.append(numbered_line(i));
    output.drain(steady_clock::now());
    read += lines_of(pipe.read()).size();
  }
  EXPECT_EQ(output.dropped(), 0U);
  EXPECT_GT(read, 0U);
}

TEST(LogOutput, TriesADestinationThatTakesNothingEverLessOften) {
  Pipe pipe;
  LogOutput output = output_to(pipe);
  overfill(output);
  for (int i = 0; i < 10; ++i) {
    output.drain(steady_clock::now());
  }
  const auto wait = output.retry_at().value() - steady_clock::now();
  EXPECT_LE(wait, LogOutput::max_retry_delay);
  EXPECT_GT(wait, std::chrono::milliseconds(1));
}

TEST(LogOutput, DrainWaitsForASlowReader) {
  Pipe pipe;
  LogOutput output = output_to(pipe);
  const std::uint64_t appended = overfill(output);
  std::string all;
  std::jthread reader([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      all += pipe.read();
      std::this_thread::yield();
    }
  });
  output.drain(steady_clock::now() + std::chrono::hours(1));
  reader.request_stop();
  reader.join();
  all += pipe.read();
  EXPECT_EQ(lines_of(all).size() + output.dropped(), appended);
}

TEST(LogOutput, DrainGivesUpAtItsDeadline) {
  Pipe pipe;
  LogOutput output = output_to(pipe);
  overfill(output);
  output.drain(steady_clock::now() + std::chrono::milliseconds(20));
  EXPECT_TRUE(output.retry_at());
}

TEST(LogOutput, DrainDoesNotWaitForAFullDiskNorForAReaderThatLeft) {
  std::signal(SIGPIPE, SIG_IGN);
  Pipe pipe;
  LogOutput no_reader = output_to(pipe);
  pipe.close_reader();
  const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  LogOutput no_space(LogDestination::inherited(full));
  ::close(full);
  for (LogOutput* output : {&no_reader, &no_space}) {
    output->append("line\n");
    output->drain(steady_clock::now() + std::chrono::hours(1));
    EXPECT_TRUE(output->retry_at());
    EXPECT_EQ(output->dropped(), 0U);
    output->discard();
    EXPECT_EQ(output->dropped(), 1U);
  }
}

TEST(LogOutput, WritesToANewDestinationOnlyWholeLines) {
  Pipe old;
  Pipe next;
  LogOutput output = output_to(old);
  const std::uint64_t appended = overfill(output);
  output.redirect(LogDestination::inherited(next.writer()));
  const auto later = lines_of(read_out(output, next));
  auto earlier = lines_of(old.read());
  ASSERT_TRUE(earlier.back().ends_with(" (unfinished)"));
  earlier.pop_back();
  EXPECT_TRUE(later.front().starts_with(fmt::format("{} ", earlier.size())));
  EXPECT_EQ(earlier.size() + later.size() + output.dropped(), appended);
}

TEST(LogOutput, AnotherProgramGoesOnInTheMiddleOfALine) {
  Pipe pipe;
  LogOutput old = output_to(pipe);
  const std::uint64_t appended = overfill(old);
  const LogState state = old.state();
  EXPECT_GT(state.begun, 0U);
  EXPECT_EQ(state.dropped, old.dropped());
  EXPECT_EQ(state.unreported, old.dropped());
  LogOutput next = output_to(pipe);
  next.adopt(state);
  EXPECT_TRUE(next.dropping());
  const auto lines = lines_of(read_out(next, pipe));
  for (std::size_t number = 0; number < lines.size(); ++number)
    ASSERT_TRUE(lines[number].starts_with(fmt::format("{} x", number)) ||
                lines[number] == fmt::format("{} ", number));
  EXPECT_FALSE(lines.back().ends_with(" (unfinished)"));
  EXPECT_EQ(lines.size() + next.dropped(), appended);
  EXPECT_EQ(next.take_unreported(), next.dropped());
}

TEST(LogOutput, AnotherProgramWritesABegunLineWholeToAnotherDestination) {
  Pipe old_pipe;
  Pipe next_pipe;
  LogOutput old = output_to(old_pipe);
  overfill(old);
  const LogState state = old.state();
  LogOutput next = output_to(next_pipe);
  next.adopt(state);
  EXPECT_EQ(read_out(next, next_pipe), state.lines);
}

TEST(LogOutput, OfAStateThatDoesNotFitItKeepsWholeLines) {
  Pipe pipe;
  const std::string destination = LogDestination::inherited(pipe.writer()).identity();
  LogOutput output = output_to(pipe);
  output.adopt({.lines = "first\n" + std::string(LogOutput::capacity, 'x') + "\n",
                .begun = LogOutput::capacity,
                .destination = destination});
  EXPECT_EQ(read_out(output, pipe), "first\n");
  LogOutput other = output_to(pipe);
  other.adopt({.lines = "no line", .begun = 1, .destination = destination});
  EXPECT_EQ(read_out(other, pipe), "");
}

TEST(LogOutput, DiscardCountsWhatWasNotWrittenButNotTheLineThatTellsOfIt) {
  Pipe pipe;
  LogOutput output = output_to(pipe);
  const std::uint64_t appended = overfill(output);
  std::uint64_t read = lines_of(read_out(output, pipe)).size();
  ASSERT_GT(output.take_unreported(), 0U);
  const std::string number(200000, 'n');
  output.append(number + '\n');
  output.append("one more\n");
  output.write();
  output.discard();
  EXPECT_EQ(read + output.dropped(), appended + 1);
}

TEST(LogOutput, DiscardCountsAllThatFollowsTheLineThatTells) {
  Pipe pipe;
  LogOutput output = output_to(pipe);
  overfill(output);
  read_out(output, pipe);
  const auto dropped = output.take_unreported();
  output.append("the number\n");
  output.append(std::string(200000, 'x') + '\n');
  output.write();
  output.discard();
  EXPECT_EQ(output.dropped(), dropped + 1);
}

TEST(LogOutput, KeepsALineThatJustFits) {
  Pipe pipe;
  LogOutput output = output_to(pipe);
  output.append(std::string(LogOutput::capacity - 1, 'x') + '\n');
  EXPECT_EQ(output.dropped(), 0U);
  EXPECT_EQ(read_out(output, pipe).size(), LogOutput::capacity);
}

TEST(LogOutput, DropsALineThatCanNeverFit) {
  Pipe pipe;
  LogOutput output = output_to(pipe);
  output.append(std::string(LogOutput::capacity, 'x') + '\n');
  output.append("next\n");
  EXPECT_EQ(output.take_unreported(), 2U);
  EXPECT_EQ(pipe.read(), "");
}

}  // namespace
}  // namespace server
