#include "server/config/forms.hpp"

#include <boost/algorithm/string/predicate.hpp>
#include <boost/nowide/utf/utf.hpp>
#include <cctype>
#include <charconv>

#include "server/config/config_error.hpp"

namespace server {

using std::chrono::milliseconds;

namespace {

Value quoted(std::string text) {
  return {.text = std::move(text), .quoted = true};
}

// yaml-cpp makes of the escapes \N and \_ a lone byte, which is no UTF-8.
bool is_utf8_without_control_characters(std::string_view text) {
  namespace utf = boost::nowide::utf;
  const char* position = text.data();
  const char* const end = text.data() + text.size();
  while (position != end) {
    const utf::code_point character = utf::utf_traits<char>::decode(position, end);
    if (!utf::is_valid_codepoint(character) || character < 0x20 || character == 0x7F) return false;
  }
  return true;
}

// * stands for all addresses, and an IPv6 address may stand in brackets as in a URL.
std::optional<std::string> parse_host(const Value& value) {
  if (value.text == "*") return "::";
  std::string_view host = value.text;
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    if (host.find(':') == std::string_view::npos) return std::nullopt;
  }
  return is_host(host) ? std::optional<std::string>(host) : std::nullopt;
}

// All of the text, by std::from_chars with its arguments.
template <typename Number, typename... Base>
std::optional<Number> number_in(std::string_view text, Base... base) {
  Number number{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number, base...);
  return error == std::errc() && stop == end ? std::optional(number) : std::nullopt;
}

}  // namespace

std::string found_instead(const Value& value, const std::string& expected) {
  const std::string in_quotes = value.quoted ? " in quotes" : "";
  return fmt::format("found \"{}\"{}, expected {}", escaped(value.text), in_quotes, expected);
}

Form<bool> yes_or_no() {
  return {.expected = "true or false",
          .parse = [](const Value& value) -> std::optional<bool> {
            const bool yes = boost::iequals(value.text, "true");
            if (value.quoted || (!yes && !boost::iequals(value.text, "false"))) return std::nullopt;
            return yes;
          },
          .format = [](bool yes) { return plain(yes ? "true" : "false"); }};
}

Form<std::string> text(std::size_t longest) {
  return {.expected = fmt::format("at most {} bytes of UTF-8 without control characters", longest),
          .parse = [=](const Value& value) -> std::optional<std::string> {
            if (value.text.size() > longest || !is_utf8_without_control_characters(value.text))
              return std::nullopt;
            return value.text;
          },
          .format = quoted};
}

Form<std::string> host() {
  return {.expected = "a host name, or an IPv4 or IPv6 address without a port",
          .parse = parse_host,
          .format = quoted};
}

Form<Network> network() {
  return {.expected = "",
          .parse = [](const Value& value) -> std::optional<Network> {
            const auto network = Network::parse(value.text);
            return network ? std::optional(*network) : std::nullopt;
          },
          .format = [](const Network& network) { return quoted(network.to_string()); },
          .explain =
              [](const Value& value) {
                return fmt::format("\"{}\" {}", escaped(value.text),
                                   Network::parse(value.text).error());
              }};
}

Form<unsigned> permissions() {
  return {.expected = R"(an octal mode from "0000" to "0777")",
          .parse = [](const Value& value) -> std::optional<unsigned> {
            const auto mode = number_in<unsigned>(value.text, 8);
            return mode && value.text.size() <= 4 && *mode <= 0777 ? mode : std::nullopt;
          },
          .format = [](unsigned mode) { return quoted(fmt::format("{:04o}", mode)); }};
}

Form<std::optional<std::uint16_t>> port_or_off() {
  using Port = std::optional<std::uint16_t>;
  return {.expected = "off or a whole number from 0 to 65535",
          .parse = [](const Value& value) -> std::optional<Port> {
            if (value.text == "off") return Port();
            const auto number = whole_number<std::uint16_t>(0, 65535).parse(value);
            return number ? std::optional<Port>(number) : std::nullopt;
          },
          .format = [](Port port) { return plain(port ? std::to_string(*port) : "off"); }};
}

Form<DurationRange> duration_range(milliseconds most) {
  return {.expected = "a duration such as 20ms or a range such as 10ms..50ms, at most " +
                      program::duration_text(most),
          .parse = [most](const Value& value) -> std::optional<DurationRange> {
            constexpr std::string_view separator = "..";
            const std::string_view text = value.text;
            const std::size_t dots = text.find(separator);
            const auto first = parse_duration(text.substr(0, dots), most);
            const auto last = dots == std::string_view::npos
                                  ? first
                                  : parse_duration(text.substr(dots + separator.size()), most);
            if (!first || !last || *first > *last) return std::nullopt;
            return DurationRange{.least = *first, .most = *last};
          },
          .format =
              [](const DurationRange& range) {
                const std::string least = program::duration_text(range.least);
                return plain(range.least == range.most
                                 ? least
                                 : least + ".." + program::duration_text(range.most));
              }};
}

Form<CloseAfter> close_after(std::uint64_t most_bytes, milliseconds most_time) {
  return {
      .expected =
          fmt::format("a size such as 64KiB, at most {}, or a duration such as 5s, at most {}",
                      program::size_text(most_bytes), program::duration_text(most_time)),
      .parse = [=](const Value& value) -> std::optional<CloseAfter> {
        if (const auto bytes = size<std::uint64_t>(most_bytes).parse(value))
          return CloseAfter{.bytes = *bytes, .time = milliseconds(0)};
        // Plain seconds, as elsewhere, would be a trap here.
        if (value.text.empty() || std::isdigit(static_cast<unsigned char>(value.text.back())) != 0)
          return std::nullopt;
        const auto time = parse_duration(value.text, most_time);
        return time ? std::optional(CloseAfter{.bytes = 0, .time = *time}) : std::nullopt;
      },
      .format =
          [](const CloseAfter& limit) {
            return plain(limit.time > milliseconds(0) ? program::duration_text(limit.time)
                                                      : program::size_text(limit.bytes));
          }};
}

Form<double> probability() {
  return {.expected = "a number from 0 to 1",
          .parse = [](const Value& value) -> std::optional<double> {
            const auto number = number_in<double>(value.text);
            // Written so that a NaN is refused.
            const bool is_probability = number && *number >= 0 && *number <= 1 && !value.quoted;
            return is_probability ? number : std::nullopt;
          },
          .format = [](double number) { return plain(fmt::format("{}", number)); }};
}

Setting events(const std::string& key, LogEvents& field) {
  using Event = bool LogEvents::*;
  static const Words<Event> words = {{"connect", &LogEvents::connect},
                                     {"receive", &LogEvents::receive},
                                     {"disconnect", &LogEvents::disconnect}};
  Form<Event> form = one_of(words);
  form.expected = "a list of connect, receive and disconnect, each at most once";
  auto read = [&field, form](const std::vector<Value>& values, const std::string& origin) {
    LogEvents chosen;
    for (const auto& [word, event] : words)
      chosen.*event = false;
    for (const Value& value : values)
      if (std::exchange(chosen.*parsed(value, form, origin), true))
        throw ConfigError(origin + ": " + found_instead(value, form.expected));
    field = chosen;
  };
  auto write = [&field, form] {
    std::vector<Value> values;
    for (const auto& [word, event] : words)
      if (field.*event) values.push_back(form.format(event));
    return values;
  };
  return {.key = key, .expected = form.expected, .is_list = true, .read = read, .write = write};
}

}  // namespace server
