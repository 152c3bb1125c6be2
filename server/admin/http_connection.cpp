#include "server/admin/http_connection.hpp"

#include <array>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <chrono>
#include <sstream>
#include <string_view>
#include <utility>

#include "coro/stream.hpp"
#include "coro/time_limit.hpp"
#include "server/admin/http_response.hpp"
#include "server/admin/http_stream.hpp"

namespace server {
namespace {

namespace http = boost::beast::http;
using coro::error_code;
using coro::Yield;

constexpr std::size_t max_header_size = std::size_t{8} * 1024;
constexpr std::size_t max_body_size = std::size_t{1} * 1024;  // no answer depends on a body
constexpr std::chrono::seconds timeout{5};
constexpr std::chrono::seconds linger_timeout{1};

// Beast's errors are about the request, all others about the connection.
bool is_about_request(error_code error) {
  return error.category() == make_error_code(http::error::bad_method).category();
}

error_code write(HttpStream& stream, const HttpResponse& response) {
  std::ostringstream text;
  text << response;
  return stream.write(text.str());
}

// Empty lines before a request are ignored (RFC 9112, section 2.2): old clients send one behind a
// body. Returns whether the buffer has the beginning of a request.
bool has_begun(boost::beast::flat_buffer& buffer) {
  for (;;) {
    const std::string_view received(static_cast<const char*>(buffer.data().data()), buffer.size());
    if (!received.starts_with("\r\n")) return !received.empty() && received != "\r";
    buffer.consume(2);
  }
}

// A connection counts as idle as long as this exists: there may be no memory for its request.
class Idle {
 public:
  explicit Idle(const IdleConnections& idle) : count_(idle.count) {
    ++count_;
    idle.changed.notify_all();
  }
  ~Idle() { --count_; }
  Idle(const Idle&) = delete;
  Idle& operator=(const Idle&) = delete;
  Idle(Idle&&) = delete;
  Idle& operator=(Idle&&) = delete;

 private:
  std::size_t& count_;
};

// Waits for the first bytes of the next request. Returns false if there is none.
bool begin_request(HttpStream& stream, boost::beast::flat_buffer& buffer,
                   const IdleConnections& connections) {
  error_code error;
  while (!error && !has_begun(buffer)) {  // it may have come with the last one
    const Idle idle(connections);
    buffer.commit(stream.read_some(buffer.prepare(max_header_size), error));
  }
  return !error;
}

// The end of its body is unknown, and so is the beginning of the next request (RFC 9112,
// section 6.3).
template <typename Parser>
bool has_unknown_end(const Parser& parser) {
  return parser.get().count(http::field::transfer_encoding) > 0 && !parser.chunked();
}

// To close while the client still sends would reset the connection, and the reset would overtake
// the response.
void hang_up(coro::Stream& socket, Yield yield) {
  socket.finish_sending();
  const coro::TimeLimit limit(yield, linger_timeout);
  std::array<char, 512> unwanted{};
  while (!socket.read_some(boost::asio::buffer(unwanted), yield).error) {
  }
}

}  // namespace

void serve_http(coro::Descriptor descriptor, const std::function<Status()>& get_status,
                const IdleConnections& idle, Yield yield) {
  coro::Stream socket(yield.scheduler(), std::move(descriptor));
  HttpStream stream(socket, yield);
  boost::beast::flat_buffer buffer(max_header_size + max_body_size);
  for (bool again = true; again;) {
    const coro::TimeLimit limit(yield, timeout);
    if (!begin_request(stream, buffer, idle)) return;
    http::request_parser<http::string_body> parser;
    parser.header_limit(max_header_size);
    parser.body_limit(max_body_size);
    error_code error;
    http::read_header(stream, buffer, parser, error);
    if (!error && has_unknown_end(parser)) error = http::error::bad_transfer_encoding;
    // A client that waits for leave to send a body gets its answer now.
    if (!error && !wants_to_continue(parser.get())) http::read(stream, buffer, parser, error);
    if (error == http::error::end_of_stream) return;
    if (error && !is_about_request(error)) return;

    HttpResponse response =
        error ? refusal(error) : admin_response(parser.get(), get_status(), [yield] {
          return process_usage([yield] { yield.now(); });
        });
    if (!parser.is_done()) response.keep_alive(false);  // its body may or may not follow
    if (write(stream, response)) return;
    again = response.keep_alive();
  }
  hang_up(socket, yield);
}

}  // namespace server
