// PROXY protocol, section 2.1: "PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n".
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <string>

#include "server/net/network.hpp"
#include "server/proxy/proxy_protocol.hpp"

namespace server {

namespace {

constexpr std::size_t longest_line = 107;  // with the CRLF

// A field up to its delimiter, or what has arrived of one whose delimiter has not.
struct Field {
  std::string_view text;
  bool complete = false;
};

bool fits_word(const Field& field, std::string_view word) {
  return field.complete ? field.text == word : word.starts_with(field.text);
}

bool is_port(std::string_view text) {
  std::uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, port);
  const bool leading_zero = text.size() > 1 && text.front() == '0';
  return error == std::errc() && stop == end && !leading_zero;
}

bool fits_port(const Field& field) {
  return is_port(field.text) || (!field.complete && field.text.empty());
}

bool is_address(std::string_view text, bool ipv4) {
  const auto address = parse_address(text);
  return address && address->is_v4() == ipv4;
}

bool fits_address(const Field& field, bool ipv4) {
  if (field.complete) return is_address(field.text, ipv4);
  // Whatever begins an address becomes one by one of these, so that the system's parser stays the
  // only judge.
  static constexpr std::array<std::string_view, 10> endings = {
      "", "0", ":", "::", ".0", "0.0", ".0.0", "0.0.0", ".0.0.0", "0.0.0.0"};
  return std::ranges::any_of(endings, [&](std::string_view ending) {
    return is_address(std::string(field.text).append(ending), ipv4);
  });
}

// UNKNOWN, or UNKNOWN and a space and whatever the sender likes to add.
bool fits_unknown(const Field& field) {
  constexpr std::string_view with_more = "UNKNOWN ";
  if (field.text.size() < with_more.size()) return fits_word(field, "UNKNOWN");
  return field.text.starts_with(with_more) && field.text.find('\n') == std::string_view::npos;
}

// Reads the line field by field; after the first that is missing or wrong, outcome() is the result.
class Line {
 public:
  explicit Line(std::string_view bytes)
      : rest_(bytes.substr(0, longest_line)), cut_(bytes.size() >= longest_line) {}

  // Takes the next field with its delimiter if it is complete and `fits`; `reason` is said if it
  // does not fit.
  template <typename Fits>
  bool take(char delimiter, std::string_view reason, Fits fits) {
    const std::size_t end = rest_.find(delimiter);
    field_ = {rest_.substr(0, end), end != std::string_view::npos};
    if (!fits(field_)) {
      malformed_ = reason;
      return false;
    }
    if (!field_.complete) {
      if (cut_) malformed_ = "version 1 line is longer than 107 bytes";
      return false;
    }
    rest_.remove_prefix(end + 1);
    taken_ += end + 1;
    return true;
  }

  bool take_line_feed() {
    return take('\n', "version 1 line does not end in CR LF",
                [](const Field& field) { return field.text.empty(); });
  }

  bool next_is(char byte) const { return rest_.starts_with(byte); }
  std::string_view field() const { return field_.text; }
  std::size_t taken() const { return taken_; }
  ProxyHeaderResult outcome() const {
    if (malformed_.empty()) return ProxyHeaderIncomplete{};
    return ProxyHeaderMalformed{malformed_};
  }

 private:
  std::string_view rest_;
  bool cut_;
  std::size_t taken_ = 0;
  Field field_;
  std::string_view malformed_;
};

ProxyHeaderResult parse_unknown(Line& line) {
  if (!line.take('\r', "version 1 line names no known protocol", fits_unknown) ||
      !line.take_line_feed())
    return line.outcome();
  return ProxyHeader{.size = line.taken(), .source = std::nullopt, .local = false};
}

ProxyHeaderResult parse_tcp(Line& line) {
  bool ipv4 = true;
  const auto family = [&](const Field& field) {
    ipv4 = fits_word(field, "TCP4");
    return ipv4 || fits_word(field, "TCP6");
  };
  const auto address = [&](const Field& field) { return fits_address(field, ipv4); };

  if (!line.take(' ', "version 1 line names no known protocol", family) ||
      !line.take(' ', "version 1 source address is not valid", address))
    return line.outcome();
  const auto source = unmapped(*parse_address(line.field()));
  if (!line.take(' ', "version 1 destination address is not valid", address) ||
      !line.take(' ', "version 1 source port is not valid", fits_port))
    return line.outcome();
  std::uint16_t port = 0;
  std::from_chars(line.field().data(), line.field().data() + line.field().size(), port);
  if (!line.take('\r', "version 1 destination port is not valid", fits_port) ||
      !line.take_line_feed())
    return line.outcome();
  return ProxyHeader{
      .size = line.taken(), .source = boost::asio::ip::tcp::endpoint(source, port), .local = false};
}

}  // namespace

ProxyHeaderResult parse_proxy_v1(std::string_view bytes) {
  Line line(bytes);
  if (!line.take(' ', "does not begin with a PROXY header",
                 [](const Field& field) { return fits_word(field, "PROXY"); }))
    return line.outcome();
  return line.next_is('U') ? parse_unknown(line) : parse_tcp(line);
}

}  // namespace server
