#include "client/wire/target.hpp"

#include <fmt/format.h>

#include <stdexcept>

#include "client/output/rendering.hpp"
#include "client/wire/local_socket.hpp"

namespace client {
namespace {

struct Parts {
  std::string_view host;
  std::string_view port;
};

Parts split(std::string_view text) {
  if (text.starts_with('[')) {
    const auto bracket = text.find(']');
    if (bracket == std::string_view::npos)
      throw std::invalid_argument(fmt::format("{} lacks a closing ]", text));
    const auto rest = text.substr(bracket + 1);
    if (!rest.empty() && (rest.front() != ':' || rest.size() == 1))
      throw std::invalid_argument(fmt::format("{}: only :PORT can follow the ]", text));
    return {text.substr(1, bracket - 1), rest.empty() ? rest : rest.substr(1)};
  }
  const auto colon = text.find(':');
  const bool one_colon = colon != std::string_view::npos && text.rfind(':') == colon;
  if (!one_colon) return {text, {}};  // a name, or a bare IPv6 address
  if (colon + 1 == text.size()) throw std::invalid_argument(fmt::format("{} lacks a port", text));
  return {text.substr(0, colon), text.substr(colon + 1)};
}

Target local_target(std::string_view path, std::string_view port) {
  if (!port.empty())
    throw std::invalid_argument(fmt::format("{} is a Unix socket, which has no port", path));
  if (path.size() > longest_socket_path) {
    throw std::invalid_argument(
        fmt::format("the path of a Unix socket has at most {} bytes", longest_socket_path));
  }
  Target target;
  target.path = path;
  return target;
}

}  // namespace

Family family_of(const boost::asio::ip::address& address) {
  return address.is_v4() ? Family::v4 : Family::v6;
}

const char* name_of(Family family) {
  return family == Family::v4 ? "IPv4" : "IPv6";
}

std::string Target::name() const {
  if (is_local()) return escaped(path);
  const bool is_v6 = host.find(':') != std::string::npos;
  return escaped(is_v6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port));
}

Target parse_target(std::string_view host, std::string_view port, std::string_view usual_port) {
  if (host.find('/') != std::string_view::npos) return local_target(host, port);
  Target target;
  const auto parts = split(host);
  if (!parts.port.empty() && !port.empty())
    throw std::invalid_argument(fmt::format("the port is given twice: {} and {}", host, port));
  if (!host.empty()) {
    if (parts.host.empty()) throw std::invalid_argument(fmt::format("{} names no host", host));
    target.host = parts.host;
  }
  target.port = !parts.port.empty() ? parts.port : !port.empty() ? port : usual_port;
  return target;
}

}  // namespace client
