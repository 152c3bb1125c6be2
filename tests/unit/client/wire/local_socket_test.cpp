#include "client/wire/local_socket.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <functional>

#include "coro/scheduler.hpp"
#include "coro/timer.hpp"
#include "tests/temporary_directory.hpp"

namespace client {
namespace {

using boost::asio::local::stream_protocol;
using coro::Yield;
using namespace std::chrono_literals;
namespace error = boost::asio::error;

constexpr auto limit = 30s;

struct LocalListener {
  LocalListener(const std::string& path, int backlog) : socket(context, stream_protocol()) {
    socket.bind(path);
    socket.listen(backlog);
  }

  boost::asio::io_context context;
  stream_protocol::acceptor socket;
};

void run_alone(std::function<void(Yield)> body) {
  coro::Scheduler scheduler;
  scheduler.spawn("test", std::move(body)).value();
  scheduler.run();
}

class LocalSocket : public testing::Test {
 protected:
  TemporaryDirectory directory_;
  std::string path_ = directory_.path() / "echo.sock";
};

TEST_F(LocalSocket, IsConnectedWhereAServiceListens) {
  const LocalListener listener(path_, 1);
  run_alone([&](Yield yield) { EXPECT_TRUE(connect_to_path(yield, path_, limit)); });
}

TEST_F(LocalSocket, IsRefusedWithTheKernelsReason) {
  run_alone([&](Yield yield) {
    EXPECT_EQ(connect_to_path(yield, path_, limit).error(),
              boost::system::errc::no_such_file_or_directory);
    { const LocalListener closes(path_, 1); }
    EXPECT_EQ(connect_to_path(yield, path_, limit).error(), error::connection_refused);
  });
}

TEST_F(LocalSocket, WaitsWhileTheQueueIsFullButNoLongerThanTheLimit) {
  LocalListener listener(path_, 0);
  run_alone([&](Yield yield) {
    const auto first = connect_to_path(yield, path_, limit);
    EXPECT_TRUE(first);
    EXPECT_EQ(connect_to_path(yield, path_, 30ms).error(), error::timed_out);
    const auto accepter = yield.scheduler().spawn("accept", [&](Yield inner) {
      static_cast<void>(coro::sleep_for(inner, 30ms));
      listener.socket.accept();
    });
    EXPECT_TRUE(connect_to_path(yield, path_, limit));
    static_cast<void>(accepter.value().join(yield));
  });
}

TEST_F(LocalSocket, IsNoLongerWaitedForWhenCancelled) {
  const LocalListener listener(path_, 0);
  run_alone([&](Yield yield) {
    const auto first = connect_to_path(yield, path_, limit);
    const auto task = yield.scheduler().spawn("connect", [&](Yield inner) {
      EXPECT_EQ(connect_to_path(inner, path_, limit).error(), error::operation_aborted);
    });
    yield.now();
    task.value().cancel();
    static_cast<void>(task.value().join(yield));
  });
}

}  // namespace
}  // namespace client
