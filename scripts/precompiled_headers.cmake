# Most of a compilation is other people's headers: those that many sources include are compiled once. Each source
# includes all that it uses nevertheless, and a build without these headers, such as that of clang-tidy, checks it.

# A compiler cache has most sources already, and precompiled headers would only be in its way.
if(CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_DISABLE_PRECOMPILE_HEADERS ON)
endif()
if(CMAKE_DISABLE_PRECOMPILE_HEADERS)
  return()
endif()

# GCC 12 takes copies of short strings for too long (its bug 105651), and reports it inside precompiled headers too.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(coroecho_build_flags INTERFACE -Wno-array-bounds -Wno-restrict -Wno-stringop-overflow)
endif()

set(standard_headers
    <algorithm>
    <array>
    <chrono>
    <deque>
    <filesystem>
    <functional>
    <map>
    <memory>
    <optional>
    <span>
    <string>
    <string_view>
    <system_error>
    <utility>
    <variant>
    <vector>)
set(asio_headers <boost/asio/buffer.hpp> <boost/asio/error.hpp> <boost/asio/io_context.hpp> <boost/asio/ip/tcp.hpp>
                 <boost/intrusive/list.hpp> <boost/system/result.hpp>)

# The engine's flags are its own, so its headers are too.
target_precompile_headers(coro PRIVATE ${asio_headers} <boost/asio/basic_waitable_timer.hpp>)

# g++ takes precompiled headers only where each macro of their own compilation is defined: this one has no other macros
# than those that the service and the client share.
find_package(fmt REQUIRED)
file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/precompiled_headers.cpp)
add_library(coroecho_precompiled_headers OBJECT ${CMAKE_CURRENT_BINARY_DIR}/precompiled_headers.cpp)
target_link_libraries(coroecho_precompiled_headers PRIVATE coro::coro fmt::fmt)
target_precompile_headers(coroecho_precompiled_headers PRIVATE ${standard_headers} ${asio_headers} <fmt/format.h>)
target_precompile_headers(coroecho_server REUSE_FROM coroecho_precompiled_headers)
target_precompile_headers(coroecho_client REUSE_FROM coroecho_precompiled_headers)
