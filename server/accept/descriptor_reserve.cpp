#include "server/accept/descriptor_reserve.hpp"

#include <fcntl.h>
#include <sys/resource.h>

#include <algorithm>

#include "coro/descriptor.hpp"

namespace server {

bool DescriptorReserve::leaves_room(int descriptor) {
  if (!is_reached_) return true;
  const coro::Descriptor probe(::fcntl(descriptor, F_DUPFD_CLOEXEC, 0));
  count(probe.number());
  return !is_reached_;
}

void DescriptorReserve::count(int descriptor) {
  is_reached_ = descriptor < 0 || descriptor >= begin_;
  if (!is_reached_) return;
  rlimit limit{};  // it may have been raised
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const rlim_t highest = std::min<rlim_t>(limit.rlim_cur, 1U << 30U);
  begin_ = static_cast<int>(highest - std::min<rlim_t>(most, highest / 4));
  is_reached_ = descriptor < 0 || descriptor >= begin_;
}

}  // namespace server
