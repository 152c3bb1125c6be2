#include "server/config/settings.hpp"

#include "server/config/setting_kinds.hpp"

namespace server {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t million = 1'000'000;
constexpr std::uint64_t tebibyte = 1ULL << 40;
constexpr auto month = milliseconds(720h);
constexpr std::size_t longest_path = 4095;  // PATH_MAX with the NUL

const Words<ProxyProtocol> proxy_protocols = {{"off", ProxyProtocol::off},
                                              {"v1", ProxyProtocol::v1},
                                              {"v2", ProxyProtocol::v2},
                                              {"any", ProxyProtocol::any}};

const Words<LogFormat> log_formats = {{"text", LogFormat::text}, {"json", LogFormat::json}};

const Words<spdlog::level::level_enum> log_levels = {
    {"trace", spdlog::level::trace}, {"debug", spdlog::level::debug},
    {"info", spdlog::level::info},   {"warning", spdlog::level::warn},
    {"error", spdlog::level::err},   {"critical", spdlog::level::critical},
    {"off", spdlog::level::off},     {"warn", spdlog::level::warn},
    {"err", spdlog::level::err}};

}  // namespace

std::vector<Setting> settings(Config& config) {
  return {
      hosts("host", config.host),
      whole_number("port", config.port, 0, 65535),
      whole_number("backlog", config.backlog, 1, 65535),
      yes_or_no("reuse_port", config.reuse_port),

      text("unix.path", config.unix_socket.path, UnixSocketConfig::longest_path),
      permissions("unix.mode", config.unix_socket.mode),

      choice("proxy_protocol", config.proxy_protocol, proxy_protocols),
      networks("trusted_proxies", config.trusted_proxies),

      whole_number("limits.max_connections", config.limits.max_connections, 0, million),
      whole_number("limits.max_connections_per_ip", config.limits.max_connections_per_ip, 0,
                   million),
      whole_number("limits.accept_rate", config.limits.accept_rate, 0, million),
      duration("limits.idle_timeout", config.limits.idle_timeout, month),
      duration("limits.write_timeout", config.limits.write_timeout, month),

      yes_or_no("tcp.nodelay", config.tcp.nodelay),
      duration("tcp.keepalive", config.tcp.keepalive, 32767s),

      duration("shutdown.timeout", config.shutdown.timeout, 1h),
      duration("shutdown.delay", config.shutdown.delay, 1h),

      choice("log.level", config.log.level, log_levels),
      choice("log.format", config.log.format, log_formats),
      text("log.file", config.log.file, longest_path),
      events("log.events", config.log.events),
      size("log.payload", config.log.payload, 64 * 1024),
      yes_or_no("log.probes", config.log.probes),

      host("admin.host", config.admin.host),
      port_or_off("admin.port", config.admin.port),

      duration_range("faults.delay", config.faults.delay, 1h),
      size("faults.rate", config.faults.rate, tebibyte),
      close_after("faults.close_after", config.faults.close_after),
      probability("faults.reset_probability", config.faults.reset_probability),
  };
}

}  // namespace server
