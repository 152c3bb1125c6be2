#include "server/admin/admin.hpp"

#include <sys/socket.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/read_size.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/write.hpp>
#include <new>
#include <sstream>
#include <string_view>
#include <utility>

#include "coro/error.hpp"
#include "coro/readiness.hpp"
#include "coro/stream.hpp"
#include "coro/time_limit.hpp"
#include "server/accept/accept_error.hpp"
#include "server/accept/inherited_sockets.hpp"
#include "server/accept/listening.hpp"
#include "server/admin/http_response.hpp"
#include "server/net/peer.hpp"
#include "server/session/coroutine_names.hpp"

namespace server {
namespace {

namespace http = boost::beast::http;
using Buffer = boost::beast::flat_buffer;
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
void hang_up(coro::Stream& stream, Yield yield) {
  stream.finish_sending();
  const coro::TimeLimit limit(yield, linger_timeout);
  std::array<char, 512> unwanted{};
  error_code error;
  while (!error || error == boost::asio::error::would_block) {
    error = stream.wait_readable(yield);
    if (!error) stream.receive(boost::asio::buffer(unwanted), error);
  }
}

// More of the request. An end of the stream between two requests is end_of_stream.
error_code receive(coro::Stream& stream, Buffer& buffer, Parser& parser, Yield yield) {
  const std::size_t room = boost::beast::read_size(buffer, max_header_size);
  if (room == 0) return http::error::buffer_overflow;
  error_code error = stream.wait_readable(yield);
  if (error) return error;
  buffer.commit(stream.receive(buffer.prepare(room), error));
  if (error == boost::asio::error::would_block) return {};
  if (error != boost::asio::error::eof) return error;
  if (!parser.got_some()) return http::error::end_of_stream;
  error = {};
  parser.put_eof(error);
  return error;
}

template <typename Predicate>
error_code parse_until(Predicate enough, coro::Stream& stream, Buffer& buffer, Parser& parser,
                       Yield yield) {
  while (!enough()) {
    error_code error = http::error::need_more;
    if (buffer.size() > 0) {
      error = {};
      buffer.consume(parser.put(buffer.data(), error));
    }
    if (error == http::error::need_more) error = receive(stream, buffer, parser, yield);
    if (error) return error;
  }
  return {};
}

// A request, but for the body of one that asks first whether that is wanted: no answer depends on
// it. Not by Beast's asynchronous operations: what has no memory for one of their steps is lost.
error_code read(coro::Stream& stream, Buffer& buffer, Parser& parser, Yield yield) {
  const auto has_header = [&] { return parser.is_header_done(); };
  if (const auto error = parse_until(has_header, stream, buffer, parser, yield)) return error;
  if (parser.is_done() || wants_to_continue(parser.get())) return {};
  parser.eager(true);
  return parse_until([&] { return parser.is_done(); }, stream, buffer, parser, yield);
}

error_code write(coro::Stream& stream, const HttpResponse& response, Yield yield) {
  std::ostringstream text;
  text << response;
  const std::string bytes = text.str();
  std::string_view left = bytes;
  while (!left.empty()) {
    error_code error;
    left.remove_prefix(stream.send(boost::asio::buffer(left), error));
    if (error == boost::asio::error::would_block) error = stream.wait_writable(yield);
    if (error) return error;
  }
  return {};
}

}  // namespace

// One of the connections that there may be at a time.
class Admin::Place {
 public:
  explicit Place(Admin& admin)
      : admin_(&admin), position_(admin.connections_.emplace(admin.connections_.end())) {}
  ~Place() {
    if (admin_ == nullptr) return;
    admin_->connections_.erase(position_);
    admin_->ended_.notify_all();
  }
  Place(Place&& other) noexcept
      : admin_(std::exchange(other.admin_, nullptr)), position_(other.position_) {}
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  Place& operator=(Place&&) = delete;

  coro::Task& task() const { return *position_; }

 private:
  Admin* admin_;
  std::list<coro::Task>::iterator position_;
};

Admin::Admin(coro::Scheduler& scheduler, EventLog& log, GetStatus get_status,
             std::optional<int> inherited)
    : scheduler_(scheduler),
      log_(log),
      get_status_(std::move(get_status)),
      inherited_(inherited),
      cannot_accept_(scheduler, log, "admin: cannot accept, connections wait") {}

boost::system::result<Admin::Change, std::string> Admin::resolve(const Config& config,
                                                                 Yield yield) const {
  Change change;
  if (inherited_) {
    change.needed = listener_.done();
    return change;
  }
  change.needed = config.admin != config_ || (config.admin.port && listener_.done());
  if (!change.needed || !config.admin.port) return change;
  change.address = admin_address(config, yield);
  return change;
}

std::optional<int> Admin::ceding(const Change& change) const {
  return change.needed && !listener_.done() ? std::optional(socket_) : std::nullopt;
}

std::optional<std::string> Admin::bind(Change& change, const std::vector<int>& ceding) const {
  if (!change.address) return std::nullopt;
  const Config plain;
  auto socket = server::listen(*change.address, plain, scheduler_.executor(), ceding);
  if (!socket)
    return change.address->origin + ": " + cannot_listen(change.address->endpoint, socket.error());
  change.bound = std::move(socket->acceptor);
  return std::nullopt;
}

std::optional<std::string> Admin::start(Change& change) {
  if (!change.needed) return std::nullopt;
  if (inherited_) change.bound = adopt(*inherited_, scheduler_.executor());
  if (!change.bound) return std::nullopt;
  const std::string address = to_string(change.bound->local_endpoint());
  change.bound->non_blocking(true);
  // From now on the scheduler's own epoll watches.
  coro::Descriptor socket(change.bound->release());
  change.socket = socket.number();
  const auto task = scheduler_.spawn("admin", [this, address, socket = std::move(socket)](
                                                  Yield yield) { accept(socket, address, yield); });
  if (!task) return task.error().message();
  change.listener = *task;
  log_.info("admin on http://{}/{}", address, inherited_ ? " (inherited)" : "");
  return std::nullopt;
}

void Admin::open(const Change& change, const Config& config, bool keep, Yield yield) {
  if (!change.needed) return;
  if (!keep) return change.listener.cancel();
  cancel();
  static_cast<void>(listener_.join(yield));
  listener_ = change.listener;
  socket_ = change.socket;
  config_ = config.admin;
}

void Admin::cancel() {
  listener_.cancel();
  for (const coro::Task& connection : connections_)
    connection.cancel();
}

void Admin::close(Yield yield) {
  cancel();
  cannot_accept_.close();
  static_cast<void>(listener_.join(yield));
  static_cast<void>(ended_.wait(yield, [this] { return connections_.empty(); }));
}

void Admin::accept(const coro::Descriptor& listening, const std::string& address, Yield yield) {
  constexpr int most_in_succession = 16;
  coro::Readiness readiness(yield.scheduler(), listening.number());
  for (int errors = 0;;) {
    if (ended_.wait(yield, [this] { return connections_.size() < max_connections; })) return;
    error_code error = readiness.wait_readable(yield);
    if (error == boost::asio::error::operation_aborted) return;
    if (!error) error = accept_one(listening.number());
    errors = error ? errors + 1 : 0;
    if (!error) continue;
    if (is_shut_down(listening.number())) break;
    const bool others_may_succeed =
        error == boost::asio::error::would_block || concerns_one_connection(error);
    if (others_may_succeed && errors < most_in_succession) continue;
    // Short of descriptors or memory: the echo goes first.
    if (error != boost::asio::error::would_block)
      cannot_accept_.happened("admin: cannot accept, connections wait: " + error.message());
    if (coro::sleep_for(yield, std::chrono::milliseconds(100))) return;
  }
  log_.error("admin no longer on http://{}/: the socket was shut down", address);
}

error_code Admin::accept_one(int listening) try {
  coro::Descriptor socket(::accept4(listening, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!socket.is_open()) return coro::last_error();
  Place place(*this);
  coro::Task& task = place.task();
  const auto spawned = scheduler_.spawn(
      admin_connection, [this, place = std::move(place), socket = std::move(socket)](
                            Yield yield) mutable { serve(std::move(socket), yield); });
  if (!spawned) return spawned.error();
  task = *spawned;
  return {};
} catch (const std::bad_alloc&) {
  return boost::asio::error::no_memory;
}

void Admin::serve(coro::Descriptor socket, Yield yield) {
  coro::Stream stream(yield.scheduler(), std::move(socket));
  Buffer buffer(max_header_size + max_body_size);
  for (bool again = true; again;) {
    const coro::TimeLimit limit(yield, timeout);
    Parser parser;
    parser.header_limit(max_header_size);
    parser.body_limit(max_body_size);
    const error_code read_error = read(stream, buffer, parser, yield);
    if (read_error == http::error::end_of_stream) return;
    if (read_error && !is_about_request(read_error)) return;

    HttpResponse response =
        read_error ? refusal(read_error) : admin_response(parser.get(), get_status_());
    if (!parser.is_done()) response.keep_alive(false);  // whether its body comes is not known
    if (write(stream, response, yield)) return;
    again = response.keep_alive();
  }
  hang_up(stream, yield);
}

}  // namespace server
