#include "server/admin/health_check.hpp"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <chrono>
#include <cstring>
#include <vector>

#include "coro/scheduler.hpp"
#include "coro/time_limit.hpp"
#include "server/accept/listening.hpp"
#include "server/config/config_error.hpp"
#include "server/net/peer.hpp"

namespace server {
namespace {

namespace http = boost::beast::http;
using boost::asio::ip::tcp;
using coro::error_code;
using coro::Yield;

constexpr std::chrono::seconds patience{3};

// What can be connected to: of all addresses, that of this machine.
coro::Endpoint own_address(const ListenAddress& address) {
  const int family = address.endpoint.protocol().family();
  if (family != AF_INET && family != AF_INET6) return address.endpoint;
  tcp::endpoint own;
  own.resize(address.endpoint.size());
  std::memcpy(own.data(), address.endpoint.data(), address.endpoint.size());
  if (!own.address().is_unspecified()) return address.endpoint;
  // Where there is no IPv6, all addresses are those of IPv4.
  const bool over_ipv4 = family == AF_INET || address.dual_stack;
  if (over_ipv4) return tcp::endpoint(boost::asio::ip::address_v4::loopback(), own.port());
  return tcp::endpoint(boost::asio::ip::address_v6::loopback(), own.port());
}

std::string reason(error_code error) {
  return error == boost::asio::error::operation_aborted ? "no answer in time" : error.message();
}

std::optional<std::string> connect(coro::Socket& socket, const coro::Endpoint& to, Yield yield) {
  const auto [error] = socket.async_connect(to, yield);
  if (!error) return std::nullopt;
  return "cannot connect to " + to_string(to) + ": " + reason(error);
}

std::optional<std::string> ask_admin_endpoint(const Config& config, Yield yield) {
  const coro::Endpoint endpoint = own_address(admin_address(config, yield));
  coro::Socket socket(yield.executor());
  if (auto error = connect(socket, endpoint, yield)) return error;

  http::request<http::empty_body> request(http::verb::get, "/healthz", 11);
  request.set(http::field::host, "localhost");
  request.keep_alive(false);
  boost::beast::flat_buffer buffer;
  http::response<http::string_body> response;
  auto [error, bytes] = http::async_write(socket, request, yield);
  if (!error) std::tie(error, bytes) = http::async_read(socket, buffer, response, yield);
  const std::string where = "http://" + to_string(endpoint) + "/healthz: ";
  if (error) return where + reason(error);
  if (response.result() != http::status::ok) return where + std::to_string(response.result_int());
  return std::nullopt;
}

std::optional<std::string> connect_everywhere(const Config& config, Yield yield) {
  for (const ListenAddress& address : listen_addresses(config, yield)) {
    const bool known = config.port != 0 || address.endpoint.protocol().family() == AF_UNIX;
    coro::Socket socket(yield.executor());
    if (!known || address.optional) continue;
    if (auto error = connect(socket, own_address(address), yield)) return error;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> check_health(const Config& config) {
  std::optional<std::string> wrong;
  coro::Scheduler scheduler;
  const auto check = [&](Yield yield) {
    const coro::TimeLimit limit(yield, patience);
    const bool has_admin = config.admin.port.value_or(0) != 0;
    try {
      wrong = has_admin ? ask_admin_endpoint(config, yield) : connect_everywhere(config, yield);
    } catch (const ConfigError& error) {
      wrong = error.what();
    }
  };
  scheduler.spawn("health check", check).value();
  scheduler.run();
  return wrong;
}

}  // namespace server
