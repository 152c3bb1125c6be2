// A time limit around whatever a coroutine does in a scope.
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "coro/resolve.hpp"
#include "coro/scheduler.hpp"
#include "coro/time_limit.hpp"

using namespace std::chrono_literals;
using coro::TimeLimit;
using coro::Yield;
using Stream = boost::asio::local::stream_protocol;
using Socket = boost::asio::basic_stream_socket<Stream, coro::Executor>;

// The limit holds for all of the reads together, however many there are.
bool read_request(Socket& socket, std::string& request, Yield yield) {
  const TimeLimit limit(yield, 10ms);
  const auto [error, size] = boost::asio::async_read(socket, boost::asio::buffer(request), yield);
  if (limit.expired()) std::printf("gave up after %zu bytes\n", size);
  return !error;
}

// Looking a name up cannot be interrupted, but whoever waits for it can.
bool resolves(const std::string& host, Yield yield) {
  const TimeLimit limit(yield, 10s);
  return coro::resolve(yield, host, "").has_value();
}

bool try_both(Yield yield) {
  Socket near(yield.executor());
  Socket far(yield.executor());
  boost::asio::local::connect_pair(near, far);
  far.write_some(boost::asio::buffer("half", 4));

  std::string request(8, '\0');
  const bool complete = read_request(near, request, yield);
  // Outside of the limit's scope the coroutine goes on as ever.
  return !complete && resolves("127.0.0.1", yield);
}

int main() {
  bool right = false;
  coro::Scheduler scheduler;
  scheduler.spawn("main", [&](Yield yield) { right = try_both(yield); }).value();
  scheduler.run();
  return right ? EXIT_SUCCESS : EXIT_FAILURE;
}
