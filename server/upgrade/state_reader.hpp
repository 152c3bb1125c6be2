#pragma once

#include <array>
#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <concepts>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/upgrade/cbor_reader.hpp"
#include "server/upgrade/state_check.hpp"
#include "server/upgrade/state_fields.hpp"

namespace server {

/// Reads what a StateWriter has written. A field that is missing has its default, one that is
/// unknown is ignored, so that each program reads the states of older ones. Throws CborError.
class StateReader {
 public:
  StateReader(std::string_view cbor, std::string_view bulk) : cbor_(cbor), bulk_(bulk) {}

  /// The whole state.
  State state() {
    State state;
    read(state);
    if (!cbor_.at_end() || !bulk_.empty()) throw CborError("there are bytes behind the end");
    return state;
  }

  /// The field at which the reader is, or at which it has failed: "sessions[3].socket".
  std::string place() const;

 private:
  // One step of the way to a field.
  struct Step {
    std::string_view name = {};  // none: of an array
    std::size_t index = 0;
  };

  // Visits the fields of one struct. The writer has the same order, so one round mostly finds the
  // fields of all keys.
  template <typename T>
  struct Fields {
    StateReader& reader;
    T& value;
    std::string_view key;
    bool found = false;

    template <typename Field>
    void operator()(std::string_view name, Field T::*field) {
      if (is(name)) reader.read(value.*field);
    }
    void in_bulk(std::string_view name, std::string T::*field) {
      if (is(name)) value.*field = reader.take_bulk();
    }
    template <typename Name, std::size_t size>
    void counts(std::string_view name, std::array<std::uint64_t, size> T::*field) {
      if (is(name)) reader.read_counts<Name>(value.*field);
    }
    bool is(std::string_view name) {
      if (found || name != key) return false;
      return found = true;
    }
  };

  template <Described T>
  void read(T& value) {
    cbor_.map([&](std::string_view key) {
      way_.push_back({.name = key});
      Fields<T> visit{.reader = *this, .value = value, .key = key};
      fields(Type<T>(), visit);
      if (!visit.found) cbor_.skip();
      way_.pop_back();
    });
    check(value);
  }

  void read(bool& value) { value = cbor_.boolean(); }
  void read(double& value) { value = cbor_.real(); }
  void read(std::string& value) { value = cbor_.bytes(); }
  template <std::integral Number>
  void read(Number& value) {
    value = cbor_.number<Number>();
  }
  void read(Ending& ending);
  void read(Transport& transport);
  void read(boost::asio::ip::address& address);
  void read(coro::Endpoint& endpoint);
  void read(program::Histogram& histogram);

  template <typename Count, typename Period>
  void read(std::chrono::duration<Count, Period>& duration) {
    using Duration = std::chrono::duration<Count, Period>;
    constexpr auto longest = std::chrono::duration_cast<Duration>(longest_duration);
    duration = Duration(cbor_.number<Count>());
    if (duration > longest || duration < -longest) throw CborError("the time is out of range");
  }
  template <typename Clock, typename Duration>
  void read(std::chrono::time_point<Clock, Duration>& time) {
    std::chrono::nanoseconds since_epoch{};
    read(since_epoch);
    if (since_epoch.count() < 0) throw CborError("the time is out of range");
    time = std::chrono::time_point<Clock, Duration>(since_epoch);
  }

  template <typename T>
  void read(std::optional<T>& value) {
    value.reset();
    if (!cbor_.is_null()) read(value.emplace());
  }
  template <typename T>
  void read(std::vector<T>& values) {
    values.clear();
    cbor_.array([&] {
      way_.push_back({.index = values.size()});
      read(values.emplace_back());
      way_.pop_back();
    });
  }
  template <typename First, typename Second>
  void read(std::pair<First, Second>& pair) {
    int index = 0;
    cbor_.array([&] {
      if (index == 0) read(pair.first);
      if (index == 1) read(pair.second);
      if (index > 1) cbor_.skip();
      ++index;
    });
  }
  template <typename Name, std::size_t size>
  void read_counts(std::array<std::uint64_t, size>& counts) {
    cbor_.map([&](std::string_view key) {
      std::size_t index = 0;
      while (index < size && identifier(static_cast<Name>(index)) != key)
        ++index;
      if (index == size) return cbor_.skip();
      read(counts[index]);
    });
  }
  std::string take_bulk();

  CborReader cbor_;
  std::string_view bulk_;
  std::vector<Step> way_;
};

}  // namespace server
