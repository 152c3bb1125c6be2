#include "client/bench/bench_lane.hpp"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "client/wire/target.hpp"
#include "coro/readiness.hpp"
#include "coro/scheduler.hpp"

namespace client {
namespace {

using coro::Yield;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

std::pair<coro::Descriptor, coro::Descriptor> connected_sockets() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) std::abort();
  return {coro::Descriptor(ends[0]), coro::Descriptor(ends[1])};
}

// A lane, what serves it, and the other end, which the test plays.
class ABenchLane : public testing::Test {
 protected:
  ABenchLane() { state_.measure_to = coro::Clock::time_point::max(); }

  void run(std::size_t message_size, std::size_t pipeline, std::function<void(Yield)> body) {
    lane_ = make_lane(message_size, pipeline);
    run([&](Yield yield) {
      lane_->open();
      body(yield);
      lane_->close();
    });
  }

  void run(std::function<void(Yield)> body) {
    scheduler_.spawn("test", std::move(body)).value();
    scheduler_.run();
    EXPECT_EQ(scheduler_.counters().alive, 0U);
  }

  std::unique_ptr<BenchLane> make_lane(std::size_t message_size, std::size_t pipeline) {
    auto [near, far] = connected_sockets();
    far_ = std::move(far);
    state_.scheduler = &scheduler_;
    state_.target = &target_;
    state_.pattern = &pattern_;
    state_.scratch = scratch_;
    state_.message_size = message_size;
    state_.pipeline = pipeline;
    return std::make_unique<BenchLane>(std::make_unique<Connection>(scheduler_, std::move(near)),
                                       number_, state_);
  }

  void take_turns(Yield yield) {
    EXPECT_FALSE(state_.turn.wait(yield, [this] { return !state_.ready.empty(); }));
    for (Lane* lane : std::exchange(state_.ready, {}))
      lane->take_turn();
  }

  void end_of_measured_time() { state_.over = state_.stopping = true; }

  // A piece of the bytes that the lane has sent; nothing if it has sent none.
  std::vector<char> receive() const {
    std::vector<char> bytes(piece);
    const auto size = ::recv(far_.number(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    return bytes;
  }
  void send(const std::vector<char>& bytes) const {
    EXPECT_EQ(::send(far_.number(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }

  static constexpr std::size_t piece = 65536;  // has room in a socket

  coro::Scheduler scheduler_;
  Target target_;
  Pattern pattern_;
  std::vector<std::byte> scratch_ = std::vector<std::byte>(Pattern::longest);
  BenchThreadState state_;
  std::uint64_t number_ = 0;
  coro::Descriptor far_;
  std::unique_ptr<BenchLane> lane_;
};

TEST_F(ABenchLane, CountsAnEchoAndSendsTheNextMessage) {
  run(64, 1, [this](Yield yield) {
    for (int i = 0; i < 3; ++i) {
      const auto message = receive();
      EXPECT_EQ(message.size(), 64U);
      send(message);
      take_turns(yield);
    }
    end_of_measured_time();
    send(receive());
    take_turns(yield);
    EXPECT_FALSE(lane_->is_open());
  });
  EXPECT_EQ(state_.results.messages, 4U);
  EXPECT_EQ(state_.results.bytes, 256U);
  EXPECT_TRUE(state_.results.clean());
}

TEST_F(ABenchLane, SendsWhatThereIsNoRoomForWhenThereIs) {
  constexpr std::size_t pipeline = 8;
  run(Pattern::longest, pipeline, [this](Yield yield) {
    end_of_measured_time();  // no more than these
    coro::Readiness readiness(yield.scheduler(), far_.number());
    while (lane_->is_open()) {
      EXPECT_FALSE(readiness.wait_readable(yield));
      send(receive());
      take_turns(yield);
    }
  });
  EXPECT_EQ(state_.results.messages, pipeline);
  EXPECT_TRUE(state_.results.clean());
}

TEST_F(ABenchLane, WaitsForWhatIsUnderWayBeforeItCloses) {
  run(64, 2, [this](Yield yield) {
    end_of_measured_time();
    lane_->finish(coro::Clock::now());
    EXPECT_TRUE(lane_->is_open());
    send(receive());
    take_turns(yield);
    EXPECT_FALSE(lane_->is_open());
    EXPECT_EQ(state_.open, 0U);
  });
  EXPECT_EQ(state_.results.messages, 2U);
  EXPECT_TRUE(state_.results.clean());
}

TEST_F(ABenchLane, WhatIsUnderWayWhenItIsClosedIsLostOnce) {
  run(64, 3, [this](Yield) {
    lane_->close();
    lane_->close();
  });
  EXPECT_EQ(state_.results.lost, 3U);
  EXPECT_EQ(state_.open, 0U);
}

TEST_F(ABenchLane, MeasuresAMessageThatComesBackAfterTheMeasuredTimeByWhenItWasSent) {
  run(64, 1, [this](Yield yield) {
    state_.measure_to = coro::Clock::now();
    end_of_measured_time();
    send(receive());
    take_turns(yield);
  });
  EXPECT_EQ(state_.results.messages, 1U);
  EXPECT_EQ(state_.results.messages_in_time, 0U);
  EXPECT_EQ(state_.results.latency.count(), 1U);
}

TEST_F(ABenchLane, DoesNotMeasureAMessageOfTheWarmUpThatComesBackAfterIt) {
  run(64, 1, [this](Yield yield) {
    state_.measure_from = coro::Clock::now();
    end_of_measured_time();
    send(receive());
    take_turns(yield);
  });
  EXPECT_EQ(state_.results.messages, 0U);
  EXPECT_EQ(state_.results.messages_in_time, 1U);
  EXPECT_EQ(state_.results.latency.count(), 0U);
}

TEST_F(ABenchLane, TakesWhatHasArrivedBeforeItIsLate) {
  run(64, 1, [this](Yield) {
    end_of_measured_time();
    send(receive());
    lane_->take_what_came();
    EXPECT_FALSE(lane_->is_open());
  });
  EXPECT_EQ(state_.results.messages, 1U);
  EXPECT_TRUE(state_.results.clean());
}

// One that is number 1 of 2, with a message due each second.
class AScheduledBenchLane : public ABenchLane {
 protected:
  AScheduledBenchLane() {
    state_.schedule.emplace(start_, 1.0, 2);
    state_.measure_from = start_;
  }
  void run(std::size_t pipeline, std::function<void(Yield)> body) {
    number_ = 1;
    ABenchLane::run(64, pipeline, std::move(body));
  }

  coro::Clock::time_point start_ = coro::Clock::now() + 24h;
};

TEST_F(AScheduledBenchLane, SendsWhatIsDueAndNoMore) {
  run(10, [this](Yield) {
    EXPECT_TRUE(receive().empty());
    lane_->send_due(start_ + 999ms);
    EXPECT_TRUE(receive().empty());
    lane_->send_due(start_ + 1s);
    EXPECT_EQ(receive().size(), 64U);
    lane_->send_due(start_ + 1s);
    EXPECT_TRUE(receive().empty());
    lane_->send_due(start_ + 6s);  // those of 3 and 5 s
    EXPECT_EQ(receive().size(), 128U);
  });
}

TEST_F(AScheduledBenchLane, SendsWhatWasDueWhenItHasRoomAlsoAfterTheMeasuredTime) {
  start_ = coro::Clock::now() - 100s;
  state_.schedule.emplace(start_, 1.0, 2);
  state_.measure_from = start_;
  state_.measure_to = start_ + 6s;
  run(1, [this](Yield yield) {
    state_.over = true;
    lane_->finish(coro::Clock::now());
    for (const int left : {2, 1, 0}) {
      EXPECT_EQ(lane_->never_begun(), static_cast<std::uint64_t>(left));
      ASSERT_TRUE(lane_->is_open());
      send(receive());
      take_turns(yield);
    }
    EXPECT_FALSE(lane_->is_open());
  });
  EXPECT_EQ(state_.results.messages, 3U);
  EXPECT_GT(state_.results.latency.min(), 90s) << "from when it was meant to be sent";
  EXPECT_TRUE(state_.results.clean());
}

TEST_F(AScheduledBenchLane, KnowsWhatWasNeverSentAlsoWhenItsConnectionIsGone) {
  run(1, [this](Yield yield) {
    lane_->send_due(start_ + 1s);
    far_.close();
    take_turns(yield);
    EXPECT_FALSE(lane_->is_open());
    lane_->send_due(start_ + 3s);
    state_.measure_to = start_ + 10s;
  });
  EXPECT_EQ(state_.results.lost, 1U);
  EXPECT_EQ(lane_->never_begun(), 4U);  // of 3, 5, 7 and 9 s
}

TEST_F(AScheduledBenchLane, DoesNotCountWhatWasDueInTheWarmUpAsLost) {
  state_.measure_from = start_ + 4s;
  run(2, [this](Yield) {
    lane_->send_due(start_ + 5s);  // those of 1 and 3 s
    lane_->close();
  });
  EXPECT_EQ(state_.results.lost, 0U);
}

TEST_F(AScheduledBenchLane, LeavesOutWhatIsLeftOfTheWarmUp) {
  state_.measure_from = start_ + 4s;
  run(1, [this](Yield) {
    lane_->leave_out_warmup();
    lane_->send_due(start_ + 4s);
    EXPECT_TRUE(receive().empty());
    lane_->send_due(start_ + 5s);
    EXPECT_EQ(receive().size(), 64U);
  });
}

TEST_F(ABenchLane, AWrongByteClosesIt) {
  run(64, 1, [this](Yield yield) {
    auto message = receive();
    message[17] = static_cast<char>(message[17] ^ 1);
    send(message);
    take_turns(yield);
    EXPECT_FALSE(lane_->is_open());
  });
  EXPECT_THAT(state_.results.failures, ElementsAre(Pair(FailureClass::mismatch, 1U)));
  EXPECT_THAT(state_.results.first_failure->text, HasSubstr("17"));
  EXPECT_EQ(state_.results.lost, 1U);
}

// Whether or not it is the one that the lane would send next.
TEST_F(ABenchLane, AByteTooManyClosesIt) {
  for (const auto change : {std::byte{0}, std::byte{1}}) {
    state_.results = {};
    state_.ready.clear();  // the lane before is gone
    run(64, 1, [&, this](Yield yield) {
      auto message = receive();
      const auto next = pattern_.at(64, 1).front();
      message.push_back(static_cast<char>(next ^ change));
      send(message);
      take_turns(yield);
      EXPECT_FALSE(lane_->is_open());
    });
    EXPECT_THAT(state_.results.failures, ElementsAre(Pair(FailureClass::mismatch, 1U)));
    ASSERT_TRUE(state_.results.first_failure);
    EXPECT_THAT(state_.results.first_failure->text, HasSubstr("at offset 64: expected nothing"));
  }
}

TEST_F(ABenchLane, TheEndOfTheOtherSideClosesIt) {
  run(64, 1, [this](Yield yield) {
    far_.close();
    take_turns(yield);
    EXPECT_FALSE(lane_->is_open());
  });
  EXPECT_EQ(state_.results.failures.size(), 1U);
  EXPECT_EQ(state_.results.lost, 1U);
}

TEST_F(ABenchLane, FailingToSendWhenThereIsRoomIsItsLastTurn) {
  run(Pattern::longest, 8, [this](Yield yield) {
    ::shutdown(far_.number(), SHUT_RD);  // the lane has nothing to read, but to send fails
    while (!receive().empty()) {
    }
    take_turns(yield);
    EXPECT_FALSE(lane_->is_open());
  });
  EXPECT_EQ(state_.results.failures.size(), 1U);
}

TEST_F(ABenchLane, CountsWhatCameBackAlsoAfterItFailedToSend) {
  constexpr std::size_t pipeline = 8;  // more than there is room for
  run(piece, pipeline, [this](Yield yield) {
    const auto message = receive();
    ::shutdown(far_.number(), SHUT_RD);
    while (!receive().empty()) {
    }
    EXPECT_FALSE(state_.turn.wait(yield, [this] { return !state_.ready.empty(); }));
    send(message);
    while (lane_->is_open())
      take_turns(yield);
  });
  EXPECT_EQ(state_.results.messages, 1U);
  EXPECT_EQ(state_.results.bytes, piece);
  EXPECT_EQ(state_.results.lost, pipeline - 1);
  EXPECT_THAT(state_.results.failures, ElementsAre(Pair(FailureClass::reset, 1U)));
}

TEST_F(ABenchLane, MayBeClosedWhenItsWriterIsAboutToBeResumed) {
  const auto [near, far] = connected_sockets();
  run(Pattern::longest, 8, [&, this](Yield yield) {
    coro::Readiness readiness(yield.scheduler(), near.number());
    EXPECT_EQ(::write(far.number(), "x", 1), 1);
    EXPECT_FALSE(readiness.wait_readable(yield));
    std::array<char, 1> byte{};
    EXPECT_EQ(::read(near.number(), byte.data(), 1), 1);
    // Both become ready before the kernel is asked, this coroutine first.
    EXPECT_EQ(::write(far.number(), "x", 1), 1);
    while (!receive().empty()) {
    }
    EXPECT_FALSE(readiness.wait_readable(yield));
    EXPECT_TRUE(receive().empty()) << "the writer was first";
    lane_->close();
  });
  EXPECT_EQ(state_.results.lost, 8U);
  EXPECT_THAT(state_.results.failures, IsEmpty());
}

TEST_F(ABenchLane, MayBeClosedBeforeItsWriterHasBegun) {
  run(Pattern::longest, 8, [this](Yield) { lane_->close(); });
  EXPECT_EQ(state_.results.lost, 8U);
  EXPECT_THAT(state_.results.failures, IsEmpty());
}

TEST_F(ABenchLane, ByItselfMayBeDestroyedWhenItsWriterIsAboutToBeResumed) {
  auto lane = make_lane(Pattern::longest, 1);
  run([&, this](Yield yield) {
    const auto task = scheduler_.spawn("lane", [&](Yield inside) {
      lane->run_one(coro::Clock::now(), inside);
      lane.reset();
    });
    yield.now();
    yield.now();
    // Wrong, and there is room: who receives is resumed first.
    auto bytes = receive();
    bytes.front() = static_cast<char>(bytes.front() ^ 1);
    send(bytes);
    while (!receive().empty()) {
    }
    EXPECT_FALSE(task.value().join(yield));
  });
  EXPECT_THAT(state_.results.failures, ElementsAre(Pair(FailureClass::mismatch, 1U)));
  EXPECT_EQ(state_.results.lost, 1U);
}

}  // namespace
}  // namespace client
