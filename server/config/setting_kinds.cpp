#include "server/config/setting_kinds.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <iterator>

namespace server {

using std::chrono::milliseconds;

namespace {

constexpr std::uint64_t tebibyte = 1ULL << 40;
constexpr auto month = std::chrono::hours(720);

const Words<bool LogEvents::*> log_events = {{"connect", &LogEvents::connect},
                                             {"receive", &LogEvents::receive},
                                             {"disconnect", &LogEvents::disconnect}};

Value plain(std::string text) {
  return {.text = std::move(text), .quoted = false};
}
Value quoted(std::string text) {
  return {.text = std::move(text), .quoted = true};
}

const std::string a_host = "a host name, or an IPv4 or IPv6 address without a port";

// What is listened on: * is all addresses, and an IPv6 address may stand in brackets as in a URL.
std::optional<std::string> parse_host(const Value& value) {
  if (value.text == "*") return "::";
  std::string_view host = value.text;
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    if (host.find(':') == std::string_view::npos) return std::nullopt;
  }
  return is_host(host) ? std::optional<std::string>(host) : std::nullopt;
}

}  // namespace

Setting host(const std::string& key, std::string& field) {
  return single(key, a_host, field, parse_host, quoted);
}

Setting hosts(const std::string& key, std::vector<std::string>& field) {
  auto read = [&field](const std::vector<Value>& values) {
    std::vector<std::string> chosen;
    for (const Value& value : values) {
      auto host = parse_host(value);
      if (!host) return found_instead(value, a_host);
      chosen.push_back(std::move(*host));
    }
    field = chosen;
    return std::string();
  };
  auto write = [&field] {
    std::vector<Value> values;
    std::ranges::transform(field, std::back_inserter(values), quoted);
    return values;
  };
  return {.key = key,
          .expected = a_host + ", or a list of them",
          .is_list = true,
          .read = read,
          .write = write};
}

Setting networks(const std::string& key, std::vector<Network>& field) {
  auto read = [&field](const std::vector<Value>& values) {
    std::vector<Network> chosen;
    for (const Value& value : values) {
      const auto network = Network::parse(value.text);
      if (network.has_error())
        return fmt::format("\"{}\" {}", escaped(value.text), network.error());
      chosen.push_back(*network);
    }
    field = chosen;
    return std::string();
  };
  auto write = [&field] {
    std::vector<Value> values;
    std::ranges::transform(field, std::back_inserter(values),
                           [](const Network& network) { return quoted(network.to_string()); });
    return values;
  };
  return {.key = key,
          .expected = "a list of networks such as [10.0.0.0/8, \"2001:db8::/32\"]",
          .is_list = true,
          .read = read,
          .write = write};
}

Setting events(const std::string& key, LogEvents& field) {
  const std::string expected = "a list of connect, receive and disconnect, each at most once";
  auto read = [&field, expected](const std::vector<Value>& values) {
    LogEvents chosen = {.connect = false, .receive = false, .disconnect = false};
    for (const Value& value : values) {
      const auto word =
          std::ranges::find(log_events, value.text, &Words<bool LogEvents::*>::value_type::first);
      if (word == log_events.end() || chosen.*word->second) return found_instead(value, expected);
      chosen.*word->second = true;
    }
    field = chosen;
    return std::string();
  };
  auto write = [&field] {
    std::vector<Value> values;
    for (const auto& [word, event] : log_events) {
      if (field.*event) {
        values.push_back(plain(std::string(word)));
      }
    }
    return values;
  };
  return {.key = key, .expected = expected, .is_list = true, .read = read, .write = write};
}

Setting permissions(const std::string& key, unsigned& field) {
  auto parse = [](const Value& value) -> std::optional<unsigned> {
    unsigned mode = 0;
    const char* const end = value.text.data() + value.text.size();
    const auto [stop, error] = std::from_chars(value.text.data(), end, mode, 8);
    const bool is_mode =
        error == std::errc() && stop == end && value.text.size() <= 4 && mode <= 0777;
    return is_mode ? std::optional(mode) : std::nullopt;
  };
  auto format = [](unsigned mode) { return quoted(fmt::format("{:04o}", mode)); };
  return single(key, R"(an octal mode from "0000" to "0777")", field, parse, format);
}

Setting port_or_off(const std::string& key, std::optional<std::uint16_t>& field) {
  const std::string expected = "off or a whole number from 0 to 65535";
  auto read = [&field, expected](const std::vector<Value>& values) {
    const Value& value = values.front();
    const auto number = program::parse_whole_number(value.text);
    if (value.text == "off")
      field.reset();
    else if (!value.quoted && number && *number <= 65535)
      field = static_cast<std::uint16_t>(*number);
    else
      return found_instead(value, expected);
    return std::string();
  };
  auto write = [&field] {
    return std::vector<Value>{plain(field ? std::to_string(*field) : "off")};
  };
  return {.key = key, .expected = expected, .is_list = false, .read = read, .write = write};
}

Setting duration_range(const std::string& key, DurationRange& field, milliseconds most) {
  auto parse = [most](const Value& value) -> std::optional<DurationRange> {
    constexpr std::string_view separator = "..";
    const std::string_view text = value.text;
    const std::size_t dots = text.find(separator);
    const auto first = program::parse_duration(text.substr(0, dots));
    const auto last = dots == std::string_view::npos
                          ? first
                          : program::parse_duration(text.substr(dots + separator.size()));
    if (!first || !last || *first > *last || *last > most) return std::nullopt;
    return DurationRange{.least = std::chrono::duration_cast<milliseconds>(*first), .most = std::chrono::duration_cast<milliseconds>(*last)};
  };
  auto format = [](const DurationRange& range) {
    const std::string least = program::duration_text(range.least);
    return plain(range.least == range.most ? least
                                           : least + ".." + program::duration_text(range.most));
  };
  auto expected = "a duration such as 20ms or a range such as 10ms..50ms, at most " +
                  program::duration_text(most);
  return single(key, expected, field, parse, format);
}

Setting close_after(const std::string& key, CloseAfter& field) {
  auto parse = [](const Value& value) -> std::optional<CloseAfter> {
    // A plain number is bytes; the loader's plain seconds would be a trap here.
    if (const auto bytes = program::parse_size(value.text); bytes && *bytes <= tebibyte)
      return CloseAfter{.bytes = *bytes, .time = milliseconds(0)};
    const bool has_unit =
        !value.text.empty() && std::isdigit(static_cast<unsigned char>(value.text.back())) == 0;
    const auto time = program::parse_duration(value.text);
    if (!has_unit || !time || *time > month) return std::nullopt;
    return CloseAfter{.bytes = 0, .time = std::chrono::duration_cast<milliseconds>(*time)};
  };
  auto format = [](const CloseAfter& limit) {
    return plain(limit.time > milliseconds(0) ? program::duration_text(limit.time)
                                              : program::size_text(limit.bytes));
  };
  return single(key, "a size such as 64KiB, at most 1TiB, or a duration such as 5s, at most 720h",
                field, parse, format);
}

Setting probability(const std::string& key, double& field) {
  auto parse = [](const Value& value) -> std::optional<double> {
    double number = 0;
    const char* const end = value.text.data() + value.text.size();
    const auto [stop, error] = std::from_chars(value.text.data(), end, number);
    // Written so that a NaN is refused.
    const bool is_probability = error == std::errc() && stop == end && number >= 0 && number <= 1;
    return is_probability && !value.quoted ? std::optional(number) : std::nullopt;
  };
  auto format = [](double number) { return plain(fmt::format("{}", number)); };
  return single(key, "a number from 0 to 1", field, parse, format);
}

}  // namespace server
