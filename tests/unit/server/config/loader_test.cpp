#include "server/config/loader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>

#include "tests/temporary_directory.hpp"

namespace server {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

Config parse(std::string_view yaml) {
  return parse_config(yaml, "c.yaml");
}

// The error's text, or "accepted".
std::string error_of(std::string_view yaml) {
  try {
    parse(yaml);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "accepted";
}

std::string error_of_file(const std::filesystem::path& file) {
  try {
    load_config(file);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Config, TheShippedFileSaysTheDefaultsKeyByKey) {
  const std::filesystem::path file = SHIPPED_CONFIG;
  EXPECT_EQ(load_config(file), Config());
  std::ifstream stream(file);
  const std::string text(std::istreambuf_iterator<char>(stream), {});
  // Every key that the effective configuration prints stands in the file, in the same order.
  std::size_t position = 0;
  std::istringstream effective(to_yaml(Config()));
  for (std::string line; std::getline(effective, line);) {
    const std::string key = '\n' + line.substr(0, line.find(':') + 1);
    position = text.find(key, position);
    ASSERT_NE(position, std::string::npos) << key;
  }
}

TEST(Config, AnEmptyFileIsTheDefaults) {
  for (const std::string_view yaml :
       {"", "\n", "# nothing\n", "---\n", "{}", "~", "limits:\n", "limits: {}"}) {
    EXPECT_EQ(parse(yaml), Config()) << yaml;
  }
}

TEST(Config, ReadsEveryKey) {
  const Config config = parse(R"(
host: [echo.example, 192.0.2.1, "::1"]
port: 0
backlog: 128
reuse_port: true
unix: {path: /run/echo.sock, mode: "0660"}
proxy_protocol: any
trusted_proxies: [10.0.0.0/8, "2001:db8::/32"]
udp: {port: 7, allow: [192.0.2.0/24, "::1/128"], rate: 50}
access: {allow: [10.0.0.0/8, "::1"], deny: 10.9.0.0/16}
tls: {port: 8443, certificate: /etc/echo.pem, key: /etc/echo.key, client_ca: /etc/ca.pem, min_version: "1.3", handshake_timeout: 3s}
limits: {max_connections: 5, max_connections_per_ip: 6, ipv6_prefix: 56, accept_rate: 7, idle_timeout: 8, write_timeout: 9ms}
tcp: {nodelay: false, keepalive: 2m}
shutdown: {timeout: 1m, delay: 0.5}
log: {level: warning, format: json, file: /var/log/echo, events: [receive], payload: 1KiB, probes: false}
admin: {host: "::", port: 9100}
faults: {delay: 10ms..50ms, rate: 1MiB, close_after: 64KiB, reset_probability: 0.25, loss: 0.1, duplicate: 0.2, reorder: 0.3}
)");
  EXPECT_THAT(config.host, ElementsAre("echo.example", "192.0.2.1", "::1"));
  EXPECT_EQ(config.port, 0);
  EXPECT_EQ(config.backlog, 128);
  EXPECT_TRUE(config.reuse_port);
  EXPECT_EQ(config.unix_socket, (UnixSocketConfig{.path = "/run/echo.sock", .mode = 0660}));
  EXPECT_EQ(config.proxy_protocol, ProxyProtocol::any);
  EXPECT_THAT(config.trusted_proxies,
              ElementsAre(*Network::parse("10.0.0.0/8"), *Network::parse("2001:db8::/32")));
  EXPECT_EQ(config.udp.port, 7);
  EXPECT_THAT(config.udp.allow,
              ElementsAre(*Network::parse("192.0.2.0/24"), *Network::parse("::1/128")));
  EXPECT_EQ(config.udp.rate, 50);
  EXPECT_THAT(config.access.allow,
              ElementsAre(*Network::parse("10.0.0.0/8"), *Network::parse("::1/128")));
  EXPECT_THAT(config.access.deny, ElementsAre(*Network::parse("10.9.0.0/16")));
  EXPECT_EQ(config.limits, (LimitsConfig{.max_connections = 5,
                                         .max_connections_per_ip = 6,
                                         .accept_rate = 7,
                                         .idle_timeout = 8s,
                                         .write_timeout = 9ms,
                                         .ipv6_prefix = 56}));
  EXPECT_EQ(config.tls, (TlsConfig{.port = 8443,
                                   .certificate = "/etc/echo.pem",
                                   .key = "/etc/echo.key",
                                   .client_ca = "/etc/ca.pem",
                                   .min_version = TlsConfig::Version::tls_1_3,
                                   .handshake_timeout = 3s}));
  EXPECT_EQ(config.tcp, (TcpConfig{.nodelay = false, .keepalive = 120s}));
  EXPECT_EQ(config.shutdown, (ShutdownConfig{.timeout = 60s, .delay = 500ms}));
  EXPECT_EQ(config.log,
            (LogConfig{.level = spdlog::level::warn,
                       .format = LogFormat::json,
                       .file = "/var/log/echo",
                       .events = {.connect = false, .receive = true, .disconnect = false},
                       .payload = 1024,
                       .probes = false}));
  EXPECT_EQ(config.admin, (AdminConfig{.host = "::", .port = 9100}));
  EXPECT_EQ(config.faults, (FaultsConfig{.delay = {.least = 10ms, .most = 50ms},
                                         .rate = 1 << 20,
                                         .close_after = {.bytes = 65536, .time = 0ms},
                                         .reset_probability = 0.25,
                                         .loss = 0.1,
                                         .duplicate = 0.2,
                                         .reorder = 0.3}));
}

TEST(Config, AListOfOneMayBeWrittenWithoutBrackets) {
  EXPECT_THAT(parse("host: \"::1\"").host, ElementsAre("::1"));
  EXPECT_THAT(parse("host: []").host, IsEmpty());
  EXPECT_EQ(parse("log: {events: connect}").log.events,
            (LogEvents{.connect = true, .receive = false, .disconnect = false}));
  EXPECT_EQ(parse("log: {events: []}").log.events,
            (LogEvents{.connect = false, .receive = false, .disconnect = false}));
}

TEST(Config, AllAddressesMayBeWrittenInEveryWayThatIsUsual) {
  for (const std::string_view yaml :
       {"host: \"::\"", "host: ::", "host: ::\n", "host: [::]", "host: [ :: ]", "host: '[::]'",
        "host: *", "host: \"*\"", "host: [*]", "host:\n  - ::\n", "host:\n  - *\nport: 7\n",
        "{host: ::, port: 7}"}) {
    EXPECT_THAT(parse(yaml).host, ElementsAre("::")) << yaml;
  }
  EXPECT_THAT(parse("host: [127.0.0.1, ::, *]").host, ElementsAre("127.0.0.1", "::", "::"));
  EXPECT_THAT(parse("host: [::,::1]").host, ElementsAre("::", "::1"));
  EXPECT_EQ(parse("admin: {host: ::, port: 0}").admin.host, "::");
  EXPECT_EQ(parse("admin:\n  host: *\n").admin.host, "::");
  EXPECT_EQ(parse("host: *\nlog: {file: 'a'}").log.file, "a");
}

TEST(Config, AnIpv6AddressMayStandInBrackets) {
  EXPECT_THAT(parse("host: '[::1]'").host, ElementsAre("::1"));
  EXPECT_THAT(parse("host: ['[2001:db8::1]', '[fe80::1%eth0]']").host,
              ElementsAre("2001:db8::1", "fe80::1%eth0"));
  EXPECT_THAT(error_of("host: '[127.0.0.1]'"), HasSubstr("expected a host name"));
  EXPECT_THAT(error_of("host: '[::1]:80'"), HasSubstr("expected a host name"));
}

TEST(Config, AnErrorBesideAllAddressesIsThatOfItsLine) {
  EXPECT_THAT(error_of("host: *\nport: 1\nport: 2"),
              HasSubstr("c.yaml:3: key 'port': is given twice"));
  EXPECT_THAT(error_of("host: [::]\nport: 1\nport: 2"),
              HasSubstr("c.yaml:3: key 'port': is given twice"));
}

TEST(Config, AStarOrTwoColonsWithinAValueBesideAllAddressesStayAsTheyAre) {
  EXPECT_EQ(parse("host: *\nunix: /tmp/a * b").unix_socket.path, "/tmp/a * b");
  EXPECT_EQ(parse("host: *\nunix: '/tmp/a * b'").unix_socket.path, "/tmp/a * b");
  EXPECT_EQ(parse("host: *\nunix: /tmp/a *").unix_socket.path, "/tmp/a *");
  EXPECT_EQ(parse("host: [::]\nunix: \"/tmp/a :: b\"").unix_socket.path, "/tmp/a :: b");
  EXPECT_THAT(parse("host:   *   # all of them\n").host, ElementsAre("::"));
  EXPECT_THAT(parse("host: [ * ,\r\n ::\r\n]").host, ElementsAre("::", "::"));
}

TEST(Config, AStarOrTwoColonsElsewhereAreAsWrongAsBefore) {
  EXPECT_THAT(error_of("port: *"), HasSubstr("found \"*\""));
  EXPECT_THAT(error_of("host: *all"), HasSubstr("is not valid YAML"));
  EXPECT_THAT(error_of("host: ::\nport: {"), HasSubstr("c.yaml:2: is not valid YAML"));
}

TEST(Config, WordsMayBeInCapitalsAndLevelsShort) {
  EXPECT_EQ(parse("log: {level: warn}").log.level, spdlog::level::warn);
  EXPECT_EQ(parse("log: {level: WARN}").log.level, spdlog::level::warn);
  EXPECT_EQ(parse("log: {level: err}").log.level, spdlog::level::err);
  EXPECT_EQ(parse("log: {level: Info}").log.level, spdlog::level::info);
  EXPECT_EQ(parse("log: {format: JSON}").log.format, LogFormat::json);
  EXPECT_EQ(parse("proxy_protocol: V2").proxy_protocol, ProxyProtocol::v2);
  EXPECT_TRUE(parse("reuse_port: True").reuse_port);
  EXPECT_FALSE(parse("reuse_port: FALSE").reuse_port);
  EXPECT_THAT(to_yaml(parse("log: {level: WARN}")), HasSubstr("level: warning"));
  EXPECT_THAT(to_yaml(parse("log: {level: err}")), HasSubstr("level: error"));
  EXPECT_THAT(error_of("log: {level: warnings}"), HasSubstr("found \"warnings\""));
}

TEST(Config, AUnixSocketMayBeJustItsPath) {
  EXPECT_EQ(parse("unix: /run/echo.sock").unix_socket,
            (UnixSocketConfig{.path = "/run/echo.sock", .mode = 0666}));
  EXPECT_THAT(error_of("unix: " + std::string(108, 'x')),
              StartsWith("c.yaml:1: key 'unix.path': found "));
}

TEST(Config, ASocketModeIsOctalQuotedOrNot) {
  EXPECT_EQ(parse("unix: {mode: 0600}").unix_socket.mode, 0600U);
  EXPECT_EQ(parse("unix: {mode: \"777\"}").unix_socket.mode, 0777U);
  for (const char* mode : {"0888", "1777", "-1", "\"\"", "0o66", "00666", "rw-rw-rw-"}) {
    EXPECT_THAT(error_of("unix: {mode: "s + mode + "}"), HasSubstr("expected an octal mode"))
        << mode;
  }
}

TEST(Config, CloseAfterIsBytesUnlessItHasAUnitOfTime) {
  EXPECT_EQ(parse("faults: {close_after: 5}").faults.close_after,
            (CloseAfter{.bytes = 5, .time = 0ms}));
  EXPECT_EQ(parse("faults: {close_after: 5s}").faults.close_after,
            (CloseAfter{.bytes = 0, .time = 5s}));
  EXPECT_EQ(parse("faults: {close_after: 1.5m}").faults.close_after,
            (CloseAfter{.bytes = 0, .time = 90s}));
  EXPECT_EQ(parse("faults: {close_after: 0s}").faults.close_after, CloseAfter());
  for (const char* text : {"1.5", "721h", "2TiB", "KiB", "-5", "5x", "\"\""}) {
    EXPECT_THAT(error_of("faults: {close_after: "s + text + "}"), HasSubstr("expected a size"))
        << text;
  }
}

TEST(Config, ADelayIsADurationOrARangeOfThem) {
  EXPECT_EQ(parse("faults: {delay: 20ms}").faults.delay,
            (DurationRange{.least = 20ms, .most = 20ms}));
  EXPECT_EQ(parse("faults: {delay: 0..1.5s}").faults.delay,
            (DurationRange{.least = 0ms, .most = 1500ms}));
  for (const char* text :
       {"50ms..10ms", "10ms..", "..10ms", "1..2..3", "10ms-50ms", "0..2h", ".."}) {
    EXPECT_THAT(error_of("faults: {delay: "s + text + "}"), HasSubstr("expected a duration"))
        << text;
  }
}

TEST(Config, KnowsWhetherAnyFaultIsOn) {
  EXPECT_FALSE(Config().faults.any());
  EXPECT_TRUE(parse("faults: {rate: 1}").faults.any());
  EXPECT_TRUE(parse("faults: {reset_probability: 1}").faults.any());
}

TEST(Config, TheAdminEndpointIsOffOrHasAPort) {
  EXPECT_EQ(parse("admin: {port: off}").admin.port, std::nullopt);
  EXPECT_EQ(parse("admin: {port: 0}").admin.port, 0);
  EXPECT_THAT(error_of("admin: {port: 65536}"),
              HasSubstr("expected off or a whole number from 0 to 65535"));
}

TEST(Config, RejectsAnUnknownKeyWithItsLine) {
  EXPECT_EQ(error_of("port: 1\nprot: 2\n"),
            "c.yaml:2: key 'prot': is unknown, did you mean 'port'");
  EXPECT_EQ(
      error_of("limits:\n  max_conections: 2\n"),
      "c.yaml:2: key 'limits.max_conections': is unknown, did you mean 'limits.max_connections'");
  EXPECT_EQ(error_of("max_connections: 2\n"),
            "c.yaml:1: key 'max_connections': is unknown, did you mean 'limits.max_connections'");
  EXPECT_EQ(error_of("limit:\n  max_connections: 2\n"),
            "c.yaml:1: key 'limit': is unknown, did you mean 'limits'");
  EXPECT_EQ(error_of("workers: 2\n"), "c.yaml:1: key 'workers': is unknown");
  EXPECT_EQ(error_of("workers:\n"), "c.yaml:1: key 'workers': is unknown");
  EXPECT_EQ(error_of("workers: []\n"), "c.yaml:1: key 'workers': is unknown");
}

TEST(Config, RejectsADuplicateKeyWithBothLines) {
  EXPECT_EQ(error_of("port: 1\nhost: a\nport: 1\n"),
            "c.yaml:3: key 'port': is given twice, first on line 1");
  EXPECT_EQ(error_of("log:\n  level: info\n  level: info\n"),
            "c.yaml:3: key 'log.level': is given twice, first on line 2");
  EXPECT_EQ(error_of("log: {level: info}\nlog: {payload: 1}\n"),
            "c.yaml:2: key 'log': is given twice, first on line 1");
}

TEST(Config, RejectsAWrongTypeAndSaysWhatIsAllowed) {
  EXPECT_EQ(error_of("\nport: eighty\n"),
            "c.yaml:2: key 'port': found \"eighty\", expected a whole number from 0 to 65535");
  EXPECT_EQ(
      error_of("port: \"80\""),
      "c.yaml:1: key 'port': found \"80\" in quotes, expected a whole number from 0 to 65535");
  EXPECT_EQ(error_of("port: [80]"),
            "c.yaml:1: key 'port': found a list, expected a whole number from 0 to 65535");
  EXPECT_EQ(error_of("port: {a: 80}"),
            "c.yaml:1: key 'port': found a section, expected a whole number from 0 to 65535");
  EXPECT_THAT(error_of("port:"), HasSubstr("has no value, expected a whole number"));
  EXPECT_EQ(error_of("reuse_port: yes"),
            "c.yaml:1: key 'reuse_port': found \"yes\", expected true or false");
  EXPECT_EQ(error_of("limits: 5"), "c.yaml:1: key 'limits': is a section, expected keys below it");
  EXPECT_EQ(error_of("limits: [5]"),
            "c.yaml:1: key 'limits': is a section, expected keys below it");
  EXPECT_EQ(error_of("log: {level: warned}"),
            "c.yaml:1: key 'log.level': found \"warned\", expected one of trace, debug, info, "
            "warning, error, critical, off");
  EXPECT_THAT(error_of("log: {events: [connect, connect]}"), HasSubstr("each at most once"));
  EXPECT_THAT(error_of("log: {file: \"a\\nb\"}"), HasSubstr("found \"a\\nb\" in quotes"));
  EXPECT_THAT(error_of("host: 127.0.0.1:80"),
              HasSubstr("found \"127.0.0.1:80\", expected a host name"));
  EXPECT_THAT(error_of("trusted_proxies: [10.0.0.1/8]"),
              HasSubstr("\"10.0.0.1/8\" has bits set beyond its prefix, did you mean 10.0.0.0/8"));
  EXPECT_EQ(error_of("access:\n  deny: [10.0.0.0/8, localhost]"),
            "c.yaml:2: key 'access.deny': \"localhost\" is not a network such as 10.0.0.0/8, "
            "2001:db8::/32 or a single address");
}

TEST(Config, RejectsWhatIsOutOfRange) {
  for (const char* yaml : {"port: 65536",
                           "port: -1",
                           "port: 8888.0",
                           "port: 08888",
                           "port: 0x50",
                           "port: 99999999999999999999",
                           "backlog: 0",
                           "backlog: 65536",
                           "limits: {max_connections: 1000001}",
                           "limits: {max_connections_per_ip: -1}",
                           "limits: {ipv6_prefix: 0}",
                           "limits: {ipv6_prefix: 129}",
                           "tls: {port: 65536}",
                           "tls: {min_version: '1.1'}",
                           "tls: {handshake_timeout: 2h}",
                           "limits: {accept_rate: 1000001}",
                           "limits: {idle_timeout: 721h}",
                           "limits: {write_timeout: 0.0001}",
                           "tcp: {keepalive: 500ms}",
                           "tcp: {keepalive: 32768}",
                           "shutdown: {timeout: 61m}",
                           "shutdown: {delay: -1s}",
                           "log: {payload: 65KiB}",
                           "faults: {rate: 2TiB}",
                           "faults: {reset_probability: 1.01}",
                           "faults: {reset_probability: -0.1}",
                           "faults: {reset_probability: nan}",
                           "faults: {loss: 1.01}",
                           "faults: {duplicate: yes}",
                           "faults: {reorder: -1}",
                           "udp: {port: 65536}",
                           "udp: {port: on}",
                           "udp: {rate: 1000001}",
                           "udp: {rate: -1}",
                           "faults: {reset_probability: \"1\"}"}) {
    EXPECT_THAT(error_of(yaml), AllOf(StartsWith("c.yaml:1: key '"), HasSubstr("': found \""),
                                      HasSubstr(", expected ")))
        << yaml;
  }
}

TEST(Config, RejectsWhatCannotBeSeenAtAGlance) {
  EXPECT_THAT(error_of("host: &a x\n"), HasSubstr("c.yaml:1: anchors (&name) are not supported"));
  EXPECT_THAT(error_of("limits: &a\n  accept_rate: 1\n"), HasSubstr("anchors"));
  EXPECT_THAT(error_of("port: 1\nlog:\n  <<: {level: info}\n"),
              HasSubstr("c.yaml:3: key 'log.<<': merge keys"));
  EXPECT_THAT(error_of("port: !!int 1\n"), HasSubstr("c.yaml:1: tags (!name) are not supported"));
  EXPECT_THAT(error_of("port: 1\n---\nport: 2\n"), HasSubstr("is a second document"));
  EXPECT_THAT(error_of("limits.accept_rate: 1\n"),
              HasSubstr("key 'limits.accept_rate': has a dot"));
  EXPECT_THAT(error_of("limits: {a: {b: 1}}\n"), HasSubstr("key 'limits.a': is nested too deeply"));
  EXPECT_THAT(error_of("host: [[a]]\n"), HasSubstr("key 'host': has a list inside a list"));
  EXPECT_THAT(error_of("host: [{a: b}]\n"), HasSubstr("key 'host': has a list of sections"));
  EXPECT_THAT(error_of("host: [a, ]\nport: [~]\n"),
              HasSubstr("key 'port': has a list with an empty item"));
  EXPECT_THAT(error_of("? [a]\n: b\n"), HasSubstr("found a value without a key"));
  EXPECT_THAT(error_of(": 5\n"), HasSubstr("found a value without a key"));
  EXPECT_THAT(error_of("hello\n"),
              HasSubstr("c.yaml:1: found \"hello\", expected keys and values"));
  EXPECT_THAT(error_of("- a\n"), HasSubstr("c.yaml:1: found a list, expected keys and values"));
}

TEST(Config, RejectsWhatIsNotYaml) {
  EXPECT_THAT(error_of("port: 1\nhost: a]\n]\n"), StartsWith("c.yaml:3: is not valid YAML, "));
  EXPECT_THAT(error_of("host: *nobody\n"), StartsWith("c.yaml:1: is not valid YAML, "));
  EXPECT_THAT(error_of("host: \"a\n"), StartsWith("c.yaml:"));
  EXPECT_THAT(error_of("port: 1\n\thost: a\n"), StartsWith("c.yaml:2: is indented by a tab"));
  EXPECT_THAT(error_of("\xFF\xFEp\0o\0"s), StartsWith("c.yaml:1: is not valid UTF-8"));
  EXPECT_THAT(error_of("port: 1\nhost: \"a\xE9\"\n"), StartsWith("c.yaml:2: is not valid UTF-8"));
  EXPECT_THAT(error_of("port: 1\nhost: a\0b\n"s), StartsWith("c.yaml:2: has a control character"));
  EXPECT_THAT(error_of("host: \x1B[31m\n"s), StartsWith("c.yaml:1: has a control character"));
}

TEST(Config, RejectsAPathWithAnEscapedControlCharacter) {
  for (const std::string escape : {R"(\0)", R"(\e)", R"(\n)", R"(\x7f)"}) {
    EXPECT_THAT(error_of("log:\n  file: \"a" + escape + "\"\n"),
                EndsWith("expected at most 4095 bytes of UTF-8 without control characters"));
  }
}

// yaml-cpp reads each of the two as one byte, which is no UTF-8.
TEST(Config, RejectsAPathWithAnEscapeThatYamlCppMisreads) {
  EXPECT_EQ(error_of(R"(unix: "a\N")"),
            R"(c.yaml:1: key 'unix.path': found "a\x85" in quotes, expected at most 107 bytes of )"
            "UTF-8 without control characters");
  EXPECT_THAT(error_of(R"(log: {file: "a\_"})"), HasSubstr(R"(found "a\xa0" in quotes)"));
}

TEST(Config, TakesAPathWithAnyOtherEscape) {
  EXPECT_EQ(parse(R"(log: {file: "\x41\u00a0\u0085\L\P\U0001f600\/"})").log.file,
            "A\u00a0\u0085\u2028\u2029\U0001f600/");
}

TEST(Config, SurvivesDeepNesting) {
  EXPECT_THAT(error_of(std::string(100'000, '[')), StartsWith("c.yaml:1: "));
  EXPECT_THAT(error_of("host: " + std::string(100'000, '[')), StartsWith("c.yaml:1: "));
  EXPECT_THAT(error_of("host: " + std::string(100'000, '{')), StartsWith("c.yaml:1: "));
}

TEST(Config, AnErrorIsOneLineWhateverTheFileSays) {
  const std::string error = error_of(R"("po\nrt\e[31m": 1)");
  EXPECT_THAT(error, StartsWith("c.yaml:1: key 'po\\nrt\\x1b[31m': is unknown"));
  EXPECT_THAT(error_of_file("no\nsuch\nfile"), StartsWith("no\\nsuch\\nfile: cannot be read"));
}

TEST(Config, CutsALongValueInAnError) {
  EXPECT_LT(error_of("port: " + std::string(100'000, '9')).size(), 300U);
  EXPECT_LT(error_of(std::string(900, 'k') + ": 1").size(), 300U);
}

TEST(Config, RemembersWhereAValueWasSet) {
  const Config config = parse("port: 1\nlog:\n  file: /x\n");
  EXPECT_EQ(config.origins.where("port"), "c.yaml:1: key 'port'");
  EXPECT_EQ(config.origins.where("log.file"), "c.yaml:3: key 'log.file'");
  EXPECT_EQ(config.origins.where("host"), "key 'host'");
  EXPECT_EQ(parse("port: 1"), parse("\n\nport: 1"));
}

TEST(Config, WhatIsPrintedLoadsAgainToAnEqualConfiguration) {
  for (const char* yaml :
       {"", "host: []", "host: [\"fe80::1%eth0\", a.b]", R"(unix: "/tmp/it's \"odd\" #: {}")",
        "unix: \"~\"", "unix: {mode: \"0007\"}", "trusted_proxies: []",
        "log: {events: [], file: \"null\", level: off}",
        "log: {file: \"m\xC3\xBCnchen \xE2\x82\xAC \xF0\x9F\x94\x8C\"}",
        "log: {file: \"\\\\ \xC2\x85 \xE2\x80\xA8\"}",
        "faults: {delay: 1ms..59m, reset_probability: 0.1}",
        "faults: {close_after: 90s, reset_probability: 1e-9}",
        "faults: {close_after: 1000, rate: 1TiB}", "admin: {port: 0}", "admin: {port: 65535}",
        "limits: {idle_timeout: 1.5, write_timeout: 36h}"}) {
    const Config config = parse(yaml);
    EXPECT_EQ(parse(to_yaml(config)), config) << to_yaml(config);
  }
}

TEST(Config, LoadsAFile) {
  const TemporaryDirectory directory;
  EXPECT_EQ(load_config(directory.write("c.yaml", "port: 7\n")).port, 7);
  EXPECT_EQ(load_config("/dev/null"), Config());
  EXPECT_EQ(load_config(directory.write("bom.yaml", "\xEF\xBB\xBFport: 7\r\nhost: a\r\n")).port, 7);
}

TEST(Config, SaysWhyAFileCannotBeRead) {
  const TemporaryDirectory directory;
  const std::string path = directory.path().string();
  EXPECT_EQ(error_of_file(path + "/none.yaml"),
            path + "/none.yaml: cannot be read: No such file or directory");
  EXPECT_EQ(error_of_file(path), path + ": is a directory");
  EXPECT_EQ(error_of_file(""), ": cannot be read: No such file or directory");
  const std::string pipe = path + "/pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(error_of_file(pipe), pipe + ": is not a regular file");
  const auto huge = directory.write("huge.yaml", std::string(1024 * 1024 + 1, '#'));
  EXPECT_EQ(error_of_file(huge), huge.string() + ": is larger than 1 MiB");
  EXPECT_EQ(error_of_file("/dev/zero"), "/dev/zero: is not a regular file");
}

TEST(Config, SaysThatAFileMayNotBeRead) {
  if (geteuid() == 0) {
    GTEST_SKIP() << "root may read every file";
  }
  const TemporaryDirectory directory;
  const auto file = directory.write("secret.yaml", "port: 7\n");
  std::filesystem::permissions(file, std::filesystem::perms::none);
  EXPECT_EQ(error_of_file(file), file.string() + ": cannot be read: Permission denied");
}

}  // namespace
}  // namespace server
