#include "server/upgrade/state_reader.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>

namespace server {
namespace {

bool is_address_of_a_socket(std::string_view address) {
  sa_family_t family = 0;
  if (address.size() < sizeof family) return false;
  std::memcpy(&family, address.data(), sizeof family);
  switch (family) {
    case AF_INET:
      return address.size() == sizeof(sockaddr_in);
    case AF_INET6:
      return address.size() == sizeof(sockaddr_in6);
    case AF_UNIX:
      return address.size() <= sizeof(sockaddr_un);
    default:
      return false;
  }
}

}  // namespace

std::string StateReader::place() const {
  std::string text;
  for (const Step& step : way_) {
    if (!step.name.empty() && !text.empty()) text += '.';
    text += step.name.empty() ? "[" + std::to_string(step.index) + "]" : std::string(step.name);
  }
  return text;
}

// The ending of a later release ends a connection in order.
void StateReader::read(Ending& ending) {
  const std::string_view name = cbor_.text();
  ending = Ending::shutdown;
  for_each_ending([&](Ending other) {
    if (identifier(other) == name) ending = other;
  });
}

void StateReader::read(Transport& transport) {
  const std::string_view name = cbor_.text();
  for (const Transport known : {Transport::plain, Transport::tls}) {
    transport = known;
    if (name == name_of(known)) return;
  }
  throw CborError("the transport is unknown");
}

void StateReader::read(boost::asio::ip::address& address) {
  coro::error_code error;
  address = boost::asio::ip::make_address(cbor_.text(), error);
  if (error) throw CborError("this is no IP address");
}

void StateReader::read(coro::Endpoint& endpoint) {
  std::pair<std::string, int> value;
  read(value);
  const auto& [address, protocol] = value;
  if (!is_address_of_a_socket(address)) throw CborError("this is no address of a socket");
  endpoint = coro::Endpoint(address.data(), address.size(), protocol);
}

void StateReader::read(program::Histogram& histogram) {
  program::Histogram::Snapshot snapshot;
  read(snapshot);
  histogram = program::Histogram(snapshot);
}

std::string StateReader::take_bulk() {
  const auto size = cbor_.number<std::size_t>();
  if (size > bulk_.size()) throw CborError("the end is missing");
  std::string taken(bulk_.substr(0, size));
  bulk_.remove_prefix(size);
  return taken;
}

}  // namespace server
