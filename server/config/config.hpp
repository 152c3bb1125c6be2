#pragma once

#include <spdlog/common.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "server/net/network_table.hpp"

/// The configuration: plain structs whose defaults equal config/coroecho.yaml. The loader enforces
/// the ranges that are named here; server/config/settings.cpp declares every key once.
namespace server {

struct UnixSocketConfig {
  static constexpr std::size_t longest_path = 107;  // unix(7): 108 bytes with the NUL

  std::string path;      // "" = none
  unsigned mode = 0666;  // permission bits of the socket, 0..0777

  bool operator==(const UnixSocketConfig&) const = default;
};

/// 0 = no limit, for each of them but ipv6_prefix.
struct LimitsConfig {
  std::uint32_t max_connections = 10000;      // at most 1,000,000
  std::uint32_t max_connections_per_ip = 0;   // at most 1,000,000
  std::uint32_t accept_rate = 0;              // connections a second; at most 1,000,000
  std::chrono::milliseconds idle_timeout{0};  // at most 720 h
  std::chrono::milliseconds write_timeout = std::chrono::seconds(30);  // at most 720 h
  /// The IPv6 addresses with this prefix in common are one to max_connections_per_ip; 1..128.
  unsigned ipv6_prefix = 64;

  bool operator==(const LimitsConfig&) const = default;
};

/// The networks whose clients are served. The mode of a Unix socket decides who connects there.
class AccessConfig {
 public:
  AccessConfig() { combine(); }

  std::vector<Network> allow;  // empty = everybody
  std::vector<Network> deny;

  /// Call this after a change of the lists.
  void combine();

  /// The longest prefix that contains the address decides; if both lists have it, `deny` does. An
  /// address in neither list is admitted only if `allow` is empty.
  bool admits(const boost::asio::ip::address& address) const { return admitted_.contains(address); }
  /// The same for an IPv4 address as a number in the byte order of this machine.
  bool admits(std::uint32_t ipv4) const { return admitted_.contains(ipv4); }

  bool operator==(const AccessConfig&) const = default;

 private:
  AddressSet admitted_;
};

/// This machine: 127.0.0.0/8 and ::1/128.
NetworkTable this_machine();

/// The echo over UDP (RFC 862), on the addresses of `host`.
struct UdpConfig {
  std::optional<std::uint16_t> port;    // none = no UDP; 0 = any free port
  NetworkTable allow = this_machine();  // networks that get an answer
  /// Answers a second for each source network, /32 or /64; 0 = no limit; at most 1,000,000.
  std::uint32_t rate = 100;

  bool operator==(const UdpConfig&) const = default;
};

/// TLS, on the addresses of `host`, with a port of its own.
struct TlsConfig {
  enum class Version { tls_1_2, tls_1_3 };

  std::optional<std::uint16_t> port;  // none = no TLS; 0 = any free port
  std::string certificate;            // file in PEM, the issuers' behind the own; "" = none
  std::string key;                    // file in PEM, without a passphrase
  std::string client_ca;              // file in PEM; not "": clients must have a certificate of it
  Version min_version = Version::tls_1_2;
  std::chrono::milliseconds handshake_timeout = std::chrono::seconds(10);  // 0 = none; at most 1 h

  bool operator==(const TlsConfig&) const = default;
};

struct TcpConfig {
  bool nodelay = true;
  /// Idle time before the first probe, 0 = no probes; at most 32767 s, tcp(7).
  std::chrono::seconds keepalive{0};

  bool operator==(const TcpConfig&) const = default;
};

struct ShutdownConfig {
  std::chrono::milliseconds timeout = std::chrono::seconds(10);  // at most 1 h
  std::chrono::milliseconds delay{0};                            // at most 1 h

  bool operator==(const ShutdownConfig&) const = default;
};

enum class LogFormat { text, json };

/// Which events of a connection are logged.
struct LogEvents {
  bool connect = true;
  bool receive = true;
  bool disconnect = true;

  bool operator==(const LogEvents&) const = default;
};

struct LogConfig {
  spdlog::level::level_enum level = spdlog::level::info;
  LogFormat format = LogFormat::text;
  std::string file;  // "" = standard output
  LogEvents events;
  std::size_t payload = 64;  // bytes shown of what was received, 0 = only the size; at most 64 KiB
  bool probes = true;        // whether connections that close without sending a byte are logged

  bool operator==(const LogConfig&) const = default;
};

struct AdminConfig {
  std::string host = "127.0.0.1";
  std::optional<std::uint16_t> port;  // none = no admin endpoint; 0 = any free port

  bool operator==(const AdminConfig&) const = default;
};

/// A duration drawn anew each time between two bounds, both included; a fixed one if they are
/// equal.
struct DurationRange {
  std::chrono::milliseconds least{0};
  std::chrono::milliseconds most{0};

  bool operator==(const DurationRange&) const = default;
};

/// When a connection is closed on purpose. At most one of the two is not zero; both zero = never.
struct CloseAfter {
  std::uint64_t bytes = 0;            // received; at most 1 TiB
  std::chrono::milliseconds time{0};  // since the connection was accepted; at most 720 h

  bool operator==(const CloseAfter&) const = default;
};

/// Misbehaviour on purpose, for tests of clients.
struct FaultsConfig {
  DurationRange delay = {};  // before each echo; at most 1 h
  std::uint64_t rate = 0;    // bytes a second and connection, 0 = no limit; at most 1 TiB
  CloseAfter close_after = {};
  double reset_probability = 0;  // 0..1, per connection
  // Of the answers over UDP, 0..1 each: not sent, sent twice, sent behind the next one.
  double loss = 0;
  double duplicate = 0;
  double reorder = 0;

  /// Whether this server misbehaves on purpose in any way.
  bool any() const { return *this != FaultsConfig(); }
  /// Whether answers over UDP do.
  bool any_for_udp() const {
    return delay != DurationRange() || loss > 0 || duplicate > 0 || reorder > 0;
  }

  bool operator==(const FaultsConfig&) const = default;
};

/// The place where each value that is not a default was set: "FILE:LINE: key 'port'", "--port" or
/// "COROECHO_PORT".
class Origins {
 public:
  void set(const std::string& key, const std::string& origin) { origins_[key] = origin; }

  /// For an error message about a value: "FILE:LINE: key 'port'", "--port", or "key 'port'" for a
  /// default.
  std::string where(const std::string& key) const;

  /// Two configurations with the same values are equal wherever the values are written.
  bool operator==(const Origins&) const { return true; }

 private:
  std::map<std::string, std::string> origins_;
};

/// The versions of the PROXY protocol that a connection must begin with one of.
enum class ProxyProtocol { off, v1, v2, any };

struct Config {
  /// Names, IPv4 or IPv6 literals; "localhost" means 127.0.0.1 and ::1. Empty = no TCP listener of
  /// our own.
  std::vector<std::string> host = {"localhost"};
  std::uint16_t port = 8888;  // 0 = any free port
  int backlog = 4096;         // 1..65535; the kernel caps it at net.core.somaxconn
  bool reuse_port = false;
  UnixSocketConfig unix_socket;  // key "unix"
  ProxyProtocol proxy_protocol = ProxyProtocol::off;
  /// Peers that may send a PROXY header over TCP. A peer on the Unix socket always may: the mode of
  /// the socket decides who connects.
  NetworkTable trusted_proxies = this_machine();
  UdpConfig udp;
  AccessConfig access;
  TlsConfig tls;
  LimitsConfig limits;
  TcpConfig tcp;
  ShutdownConfig shutdown;
  LogConfig log;
  AdminConfig admin;
  FaultsConfig faults;
  Origins origins;  // key names as in the file: origins.where("log.file")

  bool operator==(const Config&) const = default;
};

}  // namespace server
