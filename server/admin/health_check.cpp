#include "server/admin/health_check.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <exception>
#include <stdexcept>
#include <string>

#include "coro/scheduler.hpp"
#include "coro/time_limit.hpp"
#include "server/accept/listen_address.hpp"
#include "server/admin/http_stream.hpp"
#include "server/net/peer.hpp"

namespace server {
namespace {

namespace http = boost::beast::http;
using boost::asio::ip::tcp;
using coro::error_code;
using coro::Yield;

constexpr std::chrono::seconds patience{3};
constexpr const char* request =
    "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

// An address to connect to: for a wildcard, that of this machine.
coro::Endpoint own_address(const ListenAddress& address) {
  const auto ip = ip_endpoint(address.endpoint);
  if (!ip || !ip->address().is_unspecified()) return address.endpoint;
  // Without IPv6, all addresses are those of IPv4.
  const bool over_ipv4 = ip->address().is_v4() || address.dual_stack;
  if (over_ipv4) return tcp::endpoint(boost::asio::ip::address_v4::loopback(), ip->port());
  return tcp::endpoint(boost::asio::ip::address_v6::loopback(), ip->port());
}

std::string reason(error_code error) {
  return error == boost::asio::error::operation_aborted ? "no answer in time" : error.message();
}

coro::Stream connect(const coro::Endpoint& to, Yield yield) {
  coro::Socket socket(yield.executor());
  const auto [error] = socket.async_connect(to, yield);
  if (error) throw std::runtime_error("cannot connect to " + to_string(to) + ": " + reason(error));
  return {yield.scheduler(), coro::Descriptor(socket.release())};
}

void ask_admin_endpoint(const Config& config, Yield yield) {
  const coro::Endpoint endpoint = own_address(admin_address(config, yield));
  const std::string where = "http://" + to_string(endpoint) + "/healthz: ";
  coro::Stream socket = connect(endpoint, yield);
  HttpStream stream(socket, yield);
  boost::beast::flat_buffer buffer;
  http::response<http::string_body> response;
  error_code error = stream.write(request);
  if (!error) http::read(stream, buffer, response, error);
  if (error) throw std::runtime_error(where + reason(error));
  if (response.result() != http::status::ok)
    throw std::runtime_error(where + std::to_string(response.result_int()));
}

// Port 0 is any free one, and which one is unknown here.
bool is_known(const ListenAddress& address) {
  const auto ip = ip_endpoint(address.endpoint);
  return !ip || ip->port() != 0;
}

void connect_everywhere(const Config& config, Yield yield) {
  bool asked = false;
  for (const ListenAddress& address : listen_addresses(config, yield)) {
    if (address.optional || !is_known(address)) continue;
    connect(own_address(address), yield);
    asked = true;
  }
  if (!asked) throw std::runtime_error("no known port and no Unix socket to ask: set admin.port");
}

}  // namespace

void check_health(const Config& config) {
  coro::Scheduler scheduler;
  scheduler.on_exception(
      [](const char*, const std::exception_ptr& exception) { std::rethrow_exception(exception); });
  const auto check = [&](Yield yield) {
    const coro::TimeLimit limit(yield, patience);
    const bool has_admin = config.admin.port.value_or(0) != 0;
    return has_admin ? ask_admin_endpoint(config, yield) : connect_everywhere(config, yield);
  };
  scheduler.spawn("health check", check).value();
  scheduler.run();
}

}  // namespace server
