// The engine's smallest piece. Lua's three functions are here a constructor and two members:
//
//   coroutine.create(f)    Coroutine coroutine(stacks);  coroutine.start(f);
//   coroutine.resume(c)    coroutine.resume();
//   coroutine.yield()      self.suspend();
#include <cstdio>

#include "coro/coroutine.hpp"

using coro::Coroutine;

// An ordinary function may suspend the coroutine that calls it, however deep it stands.
void suspend_after(const char* line, Coroutine& self) {
  std::puts(line);
  self.suspend();
}

int main() {
  coro::StackPool stacks;  // outlives the coroutines that run on its stacks
  Coroutine lesson(stacks);
  lesson.start([](Coroutine& self) {
    suspend_after("  first step", self);
    suspend_after("  second step", self);
    std::puts("  last step");
  });

  // Nothing has run yet: the function runs only when somebody resumes it.
  while (!lesson.done()) {
    std::puts("resume");
    lesson.resume();
  }
}
