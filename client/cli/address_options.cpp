#include "client/cli/address_options.hpp"

#include <boost/asio/ip/address.hpp>

#include "client/cli/values.hpp"

namespace client {
namespace {

std::optional<boost::asio::ip::address> parse_address(const std::string& text) {
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(text, error);
  return error ? std::nullopt : std::optional(address);
}

// A Unix socket has no packets and nobody on the way.
void check_local(const CLI::App& app) {
  for (const auto* const option : {"--udp", "--tls", "--dscp", "-4", "-6", "--source"})
    if (app.count(option) > 0) throw CLI::ExcludesError(option, "a Unix socket");
}

}  // namespace

void add_addresses(CLI::App& app, Target& target) {
  app.add_flag_callback(
         "-4", [&target] { target.family = Family::v4; }, "By IPv4 only")
      ->option_text(" ");
  app.add_flag_callback(
         "-6", [&target] { target.family = Family::v6; }, "By IPv6 only")
      ->excludes("-4")
      ->option_text(" ");
  add(app, "--source", "ADDRESS", target.source, "Of this machine, to connect or send from",
      "an address: 192.0.2.1, 2001:db8::1, fe80::1%eth0", parse_address);
}

void take_addresses(const CLI::App& app, Target& target) {
  if (target.is_local()) return check_local(app);
  if (target.source) {
    const auto family = family_of(*target.source);
    if (target.family && target.family != family) {
      throw CLI::ValidationError(
          "--source", fmt::format("{} is an {} address, not {}", target.source->to_string(),
                                  name_of(family), name_of(*target.family)));
    }
    target.family = family;
  }
  const auto host = parse_address(target.host);
  if (host && target.family && family_of(*host) != *target.family) {
    throw CLI::ValidationError("HOST", fmt::format("{} is an {} address, but {} is for {}",
                                                   target.host, name_of(family_of(*host)),
                                                   app.count("--source") > 0      ? "--source"
                                                   : *target.family == Family::v4 ? "-4"
                                                                                  : "-6",
                                                   name_of(*target.family)));
  }
}

}  // namespace client
