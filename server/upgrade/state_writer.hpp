#pragma once

#include <array>
#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/upgrade/cbor_writer.hpp"
#include "server/upgrade/state_fields.hpp"

namespace server {

/// Writes a state: CBOR, in which a struct is a map of its fields, and behind that the bulk, bytes
/// of which the CBOR has only the number. A field that has its default is left out.
class StateWriter {
 public:
  const std::string& cbor() const { return cbor_.written(); }
  /// Pieces of the state that is written.
  const std::vector<std::string_view>& bulk() const { return bulk_; }

  template <Described T>
  void write(const T& value) {
    cbor_.begin_map();
    Fields<T> visit{*this, value};
    fields(Type<T>(), visit);
    cbor_.end();
  }

 private:
  // Visits the fields of one struct.
  template <typename T>
  struct Fields {
    StateWriter& writer;
    const T& value;
    const T defaults{};

    template <typename Field>
    void operator()(const char* name, Field T::*field) {
      if (same(value.*field, defaults.*field)) return;
      writer.cbor_.text(name);
      writer.write(value.*field);
    }
    void in_bulk(const char* name, std::string T::*field) {
      const std::string& bytes = value.*field;
      if (bytes.empty()) return;
      writer.cbor_.text(name);
      writer.cbor_.number(bytes.size());
      writer.bulk_.emplace_back(bytes);
    }
    template <typename Name, std::size_t size>
    void counts(const char* name, std::array<std::uint64_t, size> T::*field) {
      writer.cbor_.text(name);
      writer.cbor_.begin_map();
      for (std::size_t index = 0; index < size; ++index) {
        if ((value.*field)[index] == 0) continue;
        writer.cbor_.text(identifier(static_cast<Name>(index)));
        writer.cbor_.number((value.*field)[index]);
      }
      writer.cbor_.end();
    }
  };

  template <typename T>
  static bool same(const T& one, const T& other) {
    if constexpr (std::equality_comparable<T>) return one == other;
    return false;
  }
  template <typename T>
  static bool same(const std::optional<T>& one, const std::optional<T>& other) {
    return one && other ? same(*one, *other) : one.has_value() == other.has_value();
  }
  template <typename T>
  static bool same(const std::vector<T>& one, const std::vector<T>& other) {
    return one.empty() && other.empty();
  }

  void write(bool value) { cbor_.boolean(value); }
  void write(double value) { cbor_.real(value); }
  void write(const std::string& value) { cbor_.bytes(value); }
  void write(std::unsigned_integral auto value) { cbor_.number(value); }
  void write(std::signed_integral auto value) { cbor_.signed_number(value); }
  void write(Ending ending) { cbor_.text(identifier(ending)); }
  void write(Transport transport) { cbor_.text(name_of(transport)); }
  void write(const boost::asio::ip::address& address) { cbor_.text(address.to_string()); }
  void write(const program::Histogram& histogram) { write(histogram.snapshot()); }

  void write(const coro::Endpoint& endpoint) {
    const auto* address = reinterpret_cast<const char*>(endpoint.data());
    cbor_.begin_array();
    cbor_.bytes({address, endpoint.size()});
    write(endpoint.protocol().protocol());
    cbor_.end();
  }

  template <typename Count, typename Period>
  void write(std::chrono::duration<Count, Period> duration) {
    write(duration.count());
  }
  // Both clocks go on through execve(2).
  template <typename Clock, typename Duration>
  void write(std::chrono::time_point<Clock, Duration> time) {
    write(std::chrono::nanoseconds(time.time_since_epoch()));
  }

  template <typename T>
  void write(const std::optional<T>& value) {
    if (value) return write(*value);
    cbor_.null();
  }
  template <typename T>
  void write(const std::vector<T>& values) {
    cbor_.begin_array();
    for (const T& value : values)
      write(value);
    cbor_.end();
  }
  template <typename First, typename Second>
  void write(const std::pair<First, Second>& pair) {
    cbor_.begin_array();
    write(pair.first);
    write(pair.second);
    cbor_.end();
  }

  CborWriter cbor_;
  std::vector<std::string_view> bulk_;
};

}  // namespace server
