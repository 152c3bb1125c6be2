#include "server/admin.hpp"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <tuple>
#include <utility>

#include "coro/readiness.hpp"
#include "coro/time_limit.hpp"
#include "server/http_response.hpp"
#include "server/inherited_sockets.hpp"
#include "server/listening.hpp"
#include "server/peer.hpp"

namespace server {
namespace {

namespace http = boost::beast::http;
using Parser = http::request_parser<http::string_body>;
using coro::error_code;
using coro::Yield;

constexpr std::size_t max_header_size = std::size_t{8} * 1024;
constexpr std::size_t max_body_size = std::size_t{1} * 1024;  // nothing that it serves takes one
constexpr std::chrono::seconds linger_timeout{1};

// Beast's errors are about what came, all others about the connection.
bool is_about_request(error_code error) {
  return error.category() == make_error_code(http::error::bad_method).category();
}

// To close while the client still sends would reset the connection, and the reset would overtake
// the response.
void hang_up(coro::Socket& socket, Yield yield) {
  error_code error;
  socket.shutdown(coro::Socket::shutdown_send, error);
  const coro::TimeLimit limit(yield, linger_timeout);
  std::array<char, 512> unwanted{};
  while (!error) {
    std::tie(error, std::ignore) = socket.async_read_some(boost::asio::buffer(unwanted), yield);
  }
}

// A request, but for the body of one that asks first whether that is wanted: no answer depends on
// it.
error_code read(coro::Socket& socket, boost::beast::flat_buffer& buffer, Parser& parser,
                Yield yield) {
  error_code error;
  std::tie(error, std::ignore) = http::async_read_header(socket, buffer, parser, yield);
  if (error || parser.is_done() || wants_to_continue(parser.get())) return error;
  std::tie(error, std::ignore) = http::async_read(socket, buffer, parser, yield);
  return error;
}

}  // namespace

Admin::Admin(coro::Scheduler& scheduler, EventLog& log, GetStatus get_status,
             std::optional<int> inherited)
    : scheduler_(scheduler), log_(log), get_status_(std::move(get_status)), inherited_(inherited) {}

boost::system::result<Admin::Change, std::string> Admin::resolve(const Config& config,
                                                                 Yield yield) const {
  Change change;
  if (inherited_) {
    change.needed = listener_.done();
    return change;
  }
  change.needed = config.admin != config_ || (config.admin.port && listener_.done());
  if (!change.needed || !config.admin.port) return change;
  const auto address = admin_address(config, yield);
  if (!address) return address.error();
  change.address = *address;
  return change;
}

std::optional<int> Admin::ceding(const Change& change) const {
  return change.needed && !listener_.done() ? std::optional(socket_) : std::nullopt;
}

std::optional<std::string> Admin::bind(Change& change, const std::vector<int>& ceding) const {
  if (!change.address) return std::nullopt;
  const Config plain;
  auto socket = server::listen(*change.address, plain, scheduler_.executor(), ceding);
  if (!socket) {
    return change.address->origin + ": " + cannot_listen(change.address->endpoint, socket.error());
  }
  change.bound = std::move(socket->acceptor);
  return std::nullopt;
}

void Admin::open(Change change, const Config& config, Yield yield) {
  if (!change.needed) return;
  if (inherited_) return listen(adopt(*inherited_, scheduler_.executor()), " (inherited)");
  close(yield);
  config_ = config.admin;
  if (change.bound) listen(std::move(*change.bound), "");
}

void Admin::listen(coro::Acceptor acceptor, const char* remark) {
  log_.logger().info("admin on http://{}/{}", to_string(acceptor.local_endpoint()), remark);
  socket_ = acceptor.native_handle();
  listener_ = scheduler_
                  .spawn("admin", [this, acceptor = std::move(acceptor)](
                                      Yield yield) mutable { accept(acceptor, yield); })
                  .value();
}

void Admin::close(Yield yield) {
  listener_.cancel();
  for (const coro::Task& connection : connections_)
    connection.cancel();
  static_cast<void>(listener_.join(yield));
  static_cast<void>(ended_.wait(yield, [this] { return connections_.empty(); }));
}

void Admin::accept(coro::Acceptor& acceptor, Yield yield) {
  acceptor.non_blocking(true);
  coro::Readiness readiness(yield.scheduler(), acceptor.native_handle());
  for (;;) {
    if (ended_.wait(yield, [this] { return connections_.size() < max_connections; })) return;
    error_code error = readiness.wait_readable(yield);
    if (error == boost::asio::error::operation_aborted) return;
    coro::Socket socket(yield.executor());
    if (!error) acceptor.accept(socket, error);
    if (error == boost::asio::error::would_block) continue;
    if (error) {  // short of descriptors: the echo goes first
      if (coro::sleep_for(yield, std::chrono::milliseconds(100))) return;
      continue;
    }
    const auto place = connections_.emplace(connections_.end());
    const auto task = scheduler_.spawn(
        "admin connection", [this, place, socket = std::move(socket)](Yield inside) mutable {
          serve(std::move(socket), inside);
          connections_.erase(place);
          ended_.notify_all();
        });
    if (task) {
      *place = *task;
    } else {
      connections_.erase(place);
    }
  }
}

void Admin::serve(coro::Socket socket, Yield yield) {
  boost::beast::flat_buffer buffer(max_header_size + max_body_size);
  for (bool again = true; again;) {
    const coro::TimeLimit limit(yield, timeout);
    Parser parser;
    parser.header_limit(max_header_size);
    parser.body_limit(max_body_size);
    const error_code read_error = read(socket, buffer, parser, yield);
    if (read_error == http::error::end_of_stream) return;
    if (read_error && !is_about_request(read_error)) return;

    HttpResponse response =
        read_error ? refusal(read_error) : admin_response(parser.get(), get_status_());
    if (!parser.is_done()) response.keep_alive(false);  // whether its body comes is not known
    http::response_serializer<http::string_body> serializer(response);
    const auto [write_error, written] = http::async_write(socket, serializer, yield);
    if (write_error) return;
    again = response.keep_alive();
  }
  hang_up(socket, yield);
}

}  // namespace server
