// Any bytes as the requests of a client of the admin endpoint: each answer is whole and one of
// those that there are, nothing follows the last one, and the answers do not depend on how the
// bytes were split.
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "coro/scheduler.hpp"
#include "coro/stream.hpp"
#include "server/admin/http_connection.hpp"
#include "tests/fuzz/fuzzer.hpp"

namespace {

namespace http = boost::beast::http;
using fuzz::require;

void send(coro::Stream& stream, std::string_view requests, std::size_t piece, coro::Yield yield) {
  for (; !requests.empty(); requests.remove_prefix(std::min(piece, requests.size()))) {
    if (stream.try_write(boost::asio::buffer(requests.substr(0, piece))).error) break;
    yield.now();
    yield.now();
  }
  stream.finish_sending();
}

// All bytes that the endpoint answers to these, which come in pieces.
std::string answers_to(std::string_view requests, std::size_t piece) {
  static const server::Statistics statistics;
  static const program::Histogram lag;
  static const server::History history;
  std::string answers;
  coro::Scheduler scheduler;
  coro::Condition changed;
  std::size_t idle = 0;
  std::array<int, 2> pair{};
  require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair.data()) == 0,
          "there are sockets");
  const auto server = scheduler.spawn("server", [&](coro::Yield yield) {
    const auto status = [&] {
      return server::Status{.statistics = statistics,
                            .scheduler_lag = lag,
                            .history = history,
                            .coroutines = scheduler.counters(),
                            .ready = true};
    };
    server::serve_http(coro::Descriptor(pair[0]), status, {idle, changed}, yield);
  });
  const auto client = scheduler.spawn("client", [&](coro::Yield yield) {
    coro::Stream stream(scheduler, coro::Descriptor(pair[1]));
    send(stream, requests, piece, yield);
    std::array<char, 4096> answer{};
    for (;;) {
      const auto read = stream.read_some(boost::asio::buffer(answer), yield);
      if (read.error) break;
      answers.append(answer.data(), read.size);
    }
  });
  require(server && client, "there are stacks");
  scheduler.run();
  require(scheduler.counters().alive == 0, "it ends");
  require(idle == 0, "no connection is left");
  return answers;
}

// The status of each answer.
std::vector<unsigned> statuses_of(std::string_view answers) {
  std::vector<unsigned> statuses;
  while (!answers.empty()) {
    http::response_parser<http::empty_body> parser;
    parser.skip(true);
    coro::error_code error;
    answers.remove_prefix(parser.put(boost::asio::buffer(answers), error));
    require(!error && parser.is_done(), "an answer is HTTP", error.message());
    const auto status = parser.get().result_int();
    constexpr std::array expected{200U, 400U, 404U, 405U, 413U, 431U};
    require(std::ranges::find(expected, status) != expected.end(), "an answer is expected");
    statuses.push_back(status);
    const auto length = parser.content_length();
    require(length.has_value(), "an answer has a length");
    const bool has_body = !answers.empty() && !answers.starts_with("HTTP/1.");  // else of HEAD
    if (!has_body) continue;
    require(*length <= answers.size(), "an answer is whole");
    answers.remove_prefix(*length);
    require(parser.keep_alive() || answers.empty(), "nothing follows the last answer");
  }
  return statuses;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string requests(data, data + size);
  const auto statuses = statuses_of(answers_to(requests, requests.size()));
  const auto of_pieces = statuses_of(answers_to(requests, 1 + size % 16));
  require(of_pieces == statuses, "the answers do not depend on the split");
  return 0;
}
