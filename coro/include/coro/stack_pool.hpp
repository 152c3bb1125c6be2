#pragma once

#include <boost/context/stack_context.hpp>
#include <boost/context/stack_traits.hpp>
#include <cstddef>
#include <vector>

namespace coro {

/// Stacks for coroutines, each with a guard page beneath it: running over the end is a SIGSEGV,
/// never a silent overwrite. Stacks are carved from large slabs, so that a hundred thousand of them
/// are a few dozen mappings, and are reused last-in first-out, so that the next coroutine gets a
/// stack that is still in cache. Free stacks beyond Options::keep_resident give their memory back
/// to the system at once; they are used again only when there is no other.
///
/// Not thread-safe: a pool belongs to the one thread that uses it.
class StackPool {
 public:
  /// How the pages that must never be touched are marked; kernel_guard() decides once per process.
  enum class Guard {
    madvise,  ///< MADV_GUARD_INSTALL, Linux 6.13 (madvise(2)): costs no mapping
    mprotect  ///< PROT_NONE: two mappings a stack, so vm.max_map_count (65530) allows about 32,000
              ///< stacks
  };

  struct Options {
    /// Usable bytes of each stack, rounded up to whole pages. Memory is used only where it is
    /// touched.
    std::size_t stack_size = default_stack_size;
    /// How many free stacks keep their memory.
    std::size_t keep_resident = 256;
    /// Given only to try the fallback where the kernel has the better one.
    Guard guard = kernel_guard();
  };

  /// The CMake option CORO_STACK_SIZE, 64 KiB unless the library was built with another. It is not
  /// a constant of this header, so that all sources of a program agree on it.
  static const std::size_t default_stack_size;

  StackPool() : StackPool(Options{}) {}
  explicit StackPool(Options options);
  /// Unmaps everything. No stack may be in use.
  ~StackPool();
  StackPool(const StackPool&) = delete;
  StackPool& operator=(const StackPool&) = delete;
  StackPool(StackPool&&) = delete;
  StackPool& operator=(StackPool&&) = delete;

  /// A stack of stack_size() bytes. Throws std::bad_alloc if the system has no memory or no
  /// mappings left.
  boost::context::stack_context allocate();
  /// Takes back what allocate() gave.
  void deallocate(boost::context::stack_context& stack) noexcept;

  /// Bytes a coroutine may use of its stack.
  std::size_t stack_size() const { return stack_size_; }
  /// Stacks handed out and not yet returned.
  std::size_t in_use() const { return carved_ - resident_.size() - released_.size(); }
  /// Stacks that exist, in use or free.
  std::size_t held() const { return carved_; }
  Guard guard() const { return guard_; }

  /// The best guard this kernel has.
  static Guard kernel_guard();
  /// The pool of this thread, for coroutines that belong to no scheduler, such as generators.
  static StackPool& of_this_thread();

 private:
  static constexpr std::size_t stacks_per_slab = 64;

  std::size_t stride() const;
  std::byte* carve();
  void add_slab();

  std::size_t stack_size_;
  std::size_t keep_resident_;
  Guard guard_;
  std::vector<std::byte*> slabs_;
  std::size_t carved_ = 0;  // of all slabs, in order; the last slab may have some left
  // The top end of each free stack: of those that keep their memory, and of those that do not.
  // Reserved beforehand, so that giving one back cannot fail.
  std::vector<std::byte*> resident_;
  std::vector<std::byte*> released_;
};

}  // namespace coro
