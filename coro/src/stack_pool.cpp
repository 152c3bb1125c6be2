#include "coro/stack_pool.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <new>

// Valgrind has to be told that these pages are stacks, or it takes every switch for an overflow.
#if !defined(NDEBUG) && __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else
#define VALGRIND_STACK_REGISTER(start, end) 0U
#endif

namespace coro {
namespace {

// MADV_GUARD_INSTALL of <linux/mman.h>, which is newer than Debian 12's headers.
constexpr int guard_install = 102;

std::size_t page_size() {
  static const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return size;
}

std::size_t whole_pages(std::size_t bytes) {
  return (bytes + page_size() - 1) / page_size() * page_size();
}

std::byte* map(std::size_t bytes) {
  // NORESERVE: a stack uses what it touches, which is far less than its size.
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  return static_cast<std::byte*>(memory);
}

bool guard_page(std::byte* page, StackPool::Guard guard) {
  return guard == StackPool::Guard::madvise ? ::madvise(page, page_size(), guard_install) == 0
                                            : ::mprotect(page, page_size(), PROT_NONE) == 0;
}

// As std::vector does by itself, twofold, so that growing costs the same however many there are.
void reserve(std::vector<std::byte*>& list, std::size_t size) {
  if (list.capacity() < size) list.reserve(std::max(size, 2 * list.capacity()));
}

}  // namespace

const std::size_t StackPool::default_stack_size = std::size_t{CORO_STACK_SIZE} * 1024;

StackPool::StackPool(Options options)
    : stack_size_(whole_pages(options.stack_size)),
      keep_resident_(options.keep_resident),
      guard_(options.guard) {}

StackPool::~StackPool() {
  assert(in_use() == 0);
  for (std::byte* slab : slabs_)
    ::munmap(slab, stacks_per_slab * stride());
}

boost::context::stack_context StackPool::allocate() {
  std::byte* top = nullptr;
  if (!resident_.empty()) {
    top = resident_.back();
    resident_.pop_back();
  } else if (!released_.empty()) {
    top = released_.back();
    released_.pop_back();
  } else {
    top = carve();
  }
  boost::context::stack_context stack;
  stack.size = stack_size_;
  stack.sp = top;
  return stack;
}

void StackPool::deallocate(boost::context::stack_context& stack) noexcept {
  auto* top = static_cast<std::byte*>(stack.sp);
  if (resident_.size() < keep_resident_) {
    resident_.push_back(top);
  } else {
    ::madvise(top - stack_size_, stack_size_, MADV_DONTNEED);
    released_.push_back(top);
  }
}

std::size_t StackPool::stride() const {
  return stack_size_ + page_size();
}

// The next stack that was never used: [guard page][stack], growing down from the returned end.
std::byte* StackPool::carve() {
  if (carved_ == slabs_.size() * stacks_per_slab) add_slab();
  std::byte* bottom = slabs_.back() + (carved_ % stacks_per_slab) * stride();
  if (!guard_page(bottom, guard_)) throw std::bad_alloc();
  std::byte* top = bottom + stride();
  static_cast<void>(VALGRIND_STACK_REGISTER(top - stack_size_, top - 1));
  ++carved_;
  return top;
}

void StackPool::add_slab() {
  const std::size_t stacks = (slabs_.size() + 1) * stacks_per_slab;
  reserve(resident_, std::min(stacks, keep_resident_));
  reserve(released_, stacks);
  reserve(slabs_, slabs_.size() + 1);
  std::byte* slab = map(stacks_per_slab * stride());
  // A huge page would make 2 MiB resident for the first byte touched. Failure only costs memory.
  ::madvise(slab, stacks_per_slab * stride(), MADV_NOHUGEPAGE);
  slabs_.push_back(slab);
}

StackPool::Guard StackPool::kernel_guard() {
  static const Guard guard = [] {
    std::byte* page = map(page_size());
    const bool can = guard_page(page, Guard::madvise);
    ::munmap(page, page_size());
    return can ? Guard::madvise : Guard::mprotect;
  }();
  return guard;
}

StackPool& StackPool::of_this_thread() {
  thread_local StackPool pool;
  return pool;
}

}  // namespace coro
