#include "server/admission/address_limit.hpp"

#include <utility>

namespace server {

AddressLimit::Place::Place(Place&& other) noexcept
    : limit_(std::exchange(other.limit_, nullptr)), count_(other.count_) {}

AddressLimit::Place& AddressLimit::Place::operator=(Place&& other) noexcept {
  std::swap(limit_, other.limit_);
  std::swap(count_, other.count_);
  return *this;
}

AddressLimit::Place::~Place() {
  if (limit_ == nullptr) return;
  if (--count_->second == 0) limit_->counts_.erase(count_);
}

AddressLimit::Place AddressLimit::enter(const boost::asio::ip::address& address, std::size_t most) {
  const auto count = counts_.try_emplace(address, 0).first;
  if (most != 0 && count->second >= most) return {};
  ++count->second;
  return {*this, count};
}

}  // namespace server
