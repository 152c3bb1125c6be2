#include "server/upgrade/state_codec.hpp"

#include <fmt/format.h>

#include <boost/crc.hpp>
#include <charconv>
#include <cstdint>
#include <optional>

#include "server/config/config_error.hpp"
#include "server/upgrade/state_reader.hpp"
#include "server/upgrade/state_writer.hpp"

namespace server {
namespace {

constexpr std::string_view signature = "coroecho state ";
constexpr std::size_t longest_header = 80;

struct Header {
  std::uint64_t version = 0;
  std::uint64_t size = 0;
  std::uint32_t checksum = 0;
};

std::uint32_t checksum_of(std::string_view bytes) {
  boost::crc_32_type crc;
  crc.process_bytes(bytes.data(), bytes.size());
  return crc.checksum();
}

// Reads a number and the byte behind it.
template <typename Number>
bool take(std::string_view& text, Number& number, int base, char end) {
  const char* const last = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), last, number, base);
  if (error != std::errc() || at == last || *at != end) return false;
  text.remove_prefix(static_cast<std::size_t>(at - text.data()) + 1);
  return true;
}

// The line, which is taken from the bytes.
std::optional<Header> take_header(std::string_view& bytes) {
  if (!bytes.starts_with(signature)) return std::nullopt;
  bytes.remove_prefix(signature.size());
  Header header;
  if (!take(bytes, header.version, 10, ' ')) return std::nullopt;
  const bool is_of_the_future = header.version > state_version;
  if (is_of_the_future) return header;  // the rest may be another
  if (!take(bytes, header.size, 10, ' ') || !take(bytes, header.checksum, 16, '\n'))
    return std::nullopt;
  return header;
}

}  // namespace

std::string encode(const State& state) {
  StateWriter writer;
  writer.write(state);
  const std::string& cbor = writer.cbor();
  std::size_t size = longest_header + cbor.size();
  for (const std::string_view piece : writer.bulk())
    size += piece.size();
  std::string bytes;
  bytes.reserve(size);
  bytes +=
      fmt::format("{}{} {} {:08x}\n", signature, state_version, cbor.size(), checksum_of(cbor));
  bytes += cbor;
  for (const std::string_view piece : writer.bulk())
    bytes += piece;
  return bytes;
}

boost::system::result<State, std::string> decode(std::string_view bytes) {
  const auto header = take_header(bytes);
  if (!header || header->version == 0) return "this is no state of coroecho";
  if (header->version > state_version)
    return fmt::format("its state has version {}, this program reads up to {}", header->version,
                       state_version);
  if (header->size > bytes.size()) return "its state is cut short";
  const std::string_view cbor = bytes.substr(0, header->size);
  if (checksum_of(cbor) != header->checksum) return "its state is damaged: the checksum is wrong";
  StateReader reader(cbor, bytes.substr(header->size));
  try {
    return reader.state();
  } catch (const CborError& error) {
    const std::string place = reader.place();
    return "its state is damaged: " + (place.empty() ? "" : escaped(place) + ": ") + error.what();
  }
}

}  // namespace server
