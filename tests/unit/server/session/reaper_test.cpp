#include "server/session/reaper.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "coro/scheduler.hpp"

namespace {

using namespace std::chrono_literals;
using coro::Yield;

class ReaperTest : public testing::Test {
 protected:
  ReaperTest() {
    reaper_task_ = scheduler_.spawn("reaper", [this](Yield yield) { reaper_.run(yield); }).value();
  }

  // Somebody who waits until the reaper or the clock ends it; its name goes to ended_.
  void wait(const std::string& name) {
    ++waiting_;
    scheduler_
        .spawn("waiting",
               [this, name](Yield yield) {
                 server::Reaper::Entry entry(yield);
                 entry.wait_in(reaper_);
                 static_cast<void>(coro::sleep_for(yield, 10s));
                 ended_.push_back(name + (entry.timed_out() ? " timed out" : " slept"));
                 if (--waiting_ == 0) reaper_task_.cancel();
               })
        .value();
  }

  coro::Scheduler scheduler_;
  server::Reaper reaper_;
  coro::Task reaper_task_;
  int waiting_ = 0;
  std::vector<std::string> ended_;
};

TEST_F(ReaperTest, EndsWaitsInTheOrderTheyBegan) {
  reaper_.set_timeout(20ms);
  for (const char* name : {"first", "second", "third"})
    wait(name);
  scheduler_.run();
  EXPECT_EQ(ended_,
            (std::vector<std::string>{"first timed out", "second timed out", "third timed out"}));
}

TEST_F(ReaperTest, WhoHasTimedOutMayWaitAnew) {
  reaper_.set_timeout(1ms);
  bool timed_out_again = true;
  scheduler_
      .spawn("waiting",
             [&](Yield yield) {
               server::Reaper::Entry entry(yield);
               entry.wait_in(reaper_);
               static_cast<void>(coro::sleep_for(yield, 10s));
               EXPECT_TRUE(entry.timed_out());
               entry.wait_in(reaper_);
               timed_out_again = entry.timed_out();
               reaper_task_.cancel();
             })
      .value();
  scheduler_.run();
  EXPECT_FALSE(timed_out_again);
}

TEST_F(ReaperTest, LetsThoseLiveWhoBeginAnew) {
  reaper_.set_timeout(50ms);
  bool timed_out = true;
  scheduler_
      .spawn("busy",
             [&](Yield yield) {
               server::Reaper::Entry entry(yield);
               for (int n = 0; n < 10; ++n) {
                 entry.wait_in(reaper_);
                 static_cast<void>(coro::sleep_for(yield, 10ms));
               }
               timed_out = entry.timed_out();
               entry.leave();
               reaper_task_.cancel();
             })
      .value();
  scheduler_.run();
  EXPECT_FALSE(timed_out);
}

TEST_F(ReaperTest, FollowsATimeoutThatChanges) {
  reaper_.set_timeout(10s);
  wait("idle");
  scheduler_
      .spawn("reload",
             [&](Yield yield) {
               yield.now();
               reaper_.set_timeout(1ms);
             })
      .value();
  scheduler_.run();
  EXPECT_EQ(ended_, (std::vector<std::string>{"idle timed out"}));
}

TEST_F(ReaperTest, ATimeoutThatIsSetLaterCountsFromThenOn) {
  bool timed_out = false;
  coro::Clock::time_point set;
  scheduler_
      .spawn("waiting",
             [&](Yield yield) {
               server::Reaper::Entry entry(yield);
               entry.wait_in(reaper_);
               entry.wait_in(reaper_);
               static_cast<void>(coro::sleep_for(yield, 10s));
               EXPECT_GE(coro::Clock::now() - set, 20ms);
               timed_out = entry.timed_out();
               reaper_task_.cancel();
             })
      .value();
  scheduler_
      .spawn("reload",
             [&](Yield yield) {
               static_cast<void>(coro::sleep_for(yield, 30ms));
               set = coro::Clock::now();
               reaper_.set_timeout(20ms);
             })
      .value();
  scheduler_.run();
  EXPECT_TRUE(timed_out);
}

TEST_F(ReaperTest, LeavesThoseAloneWhoLeave) {
  reaper_.set_timeout(5ms);
  bool timed_out = true;
  scheduler_
      .spawn("left",
             [&](Yield yield) {
               server::Reaper::Entry entry(yield);
               entry.wait_in(reaper_);
               entry.leave();
               timed_out = static_cast<bool>(coro::sleep_for(yield, 30ms));
               reaper_task_.cancel();
             })
      .value();
  scheduler_.run();
  EXPECT_FALSE(timed_out);
}

TEST_F(ReaperTest, SurvivesThoseWhoAreGone) {
  reaper_.set_timeout(5ms);
  scheduler_
      .spawn("gone",
             [&](Yield yield) {
               server::Reaper::Entry entry(yield);
               entry.wait_in(reaper_);
             })
      .value();
  wait("stays");
  scheduler_.run();
  EXPECT_EQ(ended_, (std::vector<std::string>{"stays timed out"}));
}

}  // namespace
