#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstddef>
#include <map>

namespace server {

/// How many connections each address has, and whether it may have another.
class AddressLimit {
 public:
  /// The right of one connection to exist; it ends with this object.
  class Place {
   public:
    Place() = default;
    ~Place();
    Place(Place&& other) noexcept;
    Place& operator=(Place&& other) noexcept;
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

    explicit operator bool() const { return limit_ != nullptr; }

   private:
    friend class AddressLimit;
    using Counts = std::map<boost::asio::ip::address, std::size_t>;
    Place(AddressLimit& limit, Counts::iterator count) : limit_(&limit), count_(count) {}

    // The limit must outlive its places. Null: this is an empty place.
    AddressLimit* limit_ = nullptr;
    Counts::iterator count_;
  };

  /// A place for one more connection from this address; an empty one if it has `most` already. 0 =
  /// no limit, but counted all the same, since a reload may set one.
  Place enter(const boost::asio::ip::address& address, std::size_t most);

 private:
  // Only addresses that have a connection now: an address leaves with its last one, so strangers
  // cannot fill the memory. A map, since its iterators stay valid while others come and go.
  Place::Counts counts_;
};

}  // namespace server
