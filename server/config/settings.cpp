#include "server/config/settings.hpp"

#include "server/config/forms.hpp"

namespace server {
namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

constexpr std::uint64_t million = 1'000'000;
constexpr std::uint64_t tebibyte = 1ULL << 40;
constexpr milliseconds month = 720h;
constexpr const char* networks = "a list of networks such as [10.0.0.0/8, \"2001:db8::/32\"]";
constexpr std::size_t longest_path = 4095;  // PATH_MAX with the NUL

const Words<ProxyProtocol> proxy_protocols = {{"off", ProxyProtocol::off},
                                              {"v1", ProxyProtocol::v1},
                                              {"v2", ProxyProtocol::v2},
                                              {"any", ProxyProtocol::any}};

const Words<TlsConfig::Version> tls_versions = {{"1.2", TlsConfig::Version::tls_1_2},
                                                {"1.3", TlsConfig::Version::tls_1_3}};

const Words<LogFormat> log_formats = {{"text", LogFormat::text}, {"json", LogFormat::json}};

const Words<spdlog::level::level_enum> log_levels = {
    {"trace", spdlog::level::trace}, {"debug", spdlog::level::debug},
    {"info", spdlog::level::info},   {"warning", spdlog::level::warn},
    {"error", spdlog::level::err},   {"critical", spdlog::level::critical},
    {"off", spdlog::level::off},     {"warn", spdlog::level::warn},
    {"err", spdlog::level::err}};

Setting access_list(const std::string& key, std::vector<Network>& field, AccessConfig& access) {
  Setting setting = list(key, field, network(), networks);
  setting.read = [read = setting.read, &access](const std::vector<Value>& values,
                                                const std::string& origin) {
    read(values, origin);
    access.combine();
  };
  return setting;
}

}  // namespace

std::vector<Setting> settings(Config& config) {
  LimitsConfig& limits = config.limits;
  LogConfig& log = config.log;
  FaultsConfig& faults = config.faults;
  return {
      list("host", config.host, host(), host().expected + ", or a list of them"),
      single("port", config.port, whole_number<std::uint16_t>(0, 65535)),
      single("backlog", config.backlog, whole_number<int>(1, 65535)),
      single("reuse_port", config.reuse_port, yes_or_no()),

      single("unix.path", config.unix_socket.path, text(UnixSocketConfig::longest_path)),
      single("unix.mode", config.unix_socket.mode, permissions()),

      single("proxy_protocol", config.proxy_protocol, one_of(proxy_protocols)),
      list("trusted_proxies", config.trusted_proxies, network(), networks),

      single("udp.port", config.udp.port, port_or_off()),
      list("udp.allow", config.udp.allow, network(), networks),
      single("udp.rate", config.udp.rate, whole_number<std::uint32_t>(0, million)),

      access_list("access.allow", config.access.allow, config.access),
      access_list("access.deny", config.access.deny, config.access),

      single("tls.port", config.tls.port, port_or_off()),
      single("tls.certificate", config.tls.certificate, text(longest_path)),
      single("tls.key", config.tls.key, text(longest_path)),
      single("tls.client_ca", config.tls.client_ca, text(longest_path)),
      single("tls.min_version", config.tls.min_version, one_of(tls_versions)),
      single("tls.handshake_timeout", config.tls.handshake_timeout, duration(milliseconds(1h))),

      single("limits.max_connections", limits.max_connections,
             whole_number<std::uint32_t>(0, million)),
      single("limits.max_connections_per_ip", limits.max_connections_per_ip,
             whole_number<std::uint32_t>(0, million)),
      single("limits.ipv6_prefix", limits.ipv6_prefix, whole_number<unsigned>(1, 128)),
      single("limits.accept_rate", limits.accept_rate, whole_number<std::uint32_t>(0, million)),
      single("limits.idle_timeout", limits.idle_timeout, duration(month)),
      single("limits.write_timeout", limits.write_timeout, duration(month)),

      single("tcp.nodelay", config.tcp.nodelay, yes_or_no()),
      single("tcp.keepalive", config.tcp.keepalive, duration(32767s)),

      single("shutdown.timeout", config.shutdown.timeout, duration(milliseconds(1h))),
      single("shutdown.delay", config.shutdown.delay, duration(milliseconds(1h))),

      single("log.level", log.level, one_of(log_levels)),
      single("log.format", log.format, one_of(log_formats)),
      single("log.file", log.file, text(longest_path)),
      events("log.events", log.events),
      single("log.payload", log.payload, size<std::size_t>(64 * 1024)),
      single("log.probes", log.probes, yes_or_no()),

      single("admin.host", config.admin.host, host()),
      single("admin.port", config.admin.port, port_or_off()),

      single("faults.delay", faults.delay, duration_range(1h)),
      single("faults.rate", faults.rate, size<std::uint64_t>(tebibyte)),
      single("faults.close_after", faults.close_after, close_after(tebibyte, month)),
      single("faults.reset_probability", faults.reset_probability, probability()),
      single("faults.loss", faults.loss, probability()),
      single("faults.duplicate", faults.duplicate, probability()),
      single("faults.reorder", faults.reorder, probability()),
  };
}

}  // namespace server
