# The package of the engine, as CPack makes it of what coro/ by itself installs: a static library, its headers and its
# CMake package. scripts/package has coro's project() include this.
set(CPACK_PACKAGE_NAME libcoro-dev)
set(CPACK_COMPONENTS_ALL libcoro-dev)
set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME libcoro-dev)
set(CPACK_COMPONENT_LIBCORO-DEV_DESCRIPTION
    "coroutines with a stack and a scheduler for them, in C++20
coro is a library on top of Boost.Coroutine2 and Boost.Asio. A coroutine reads
and writes the network as if it blocked, and the others run meanwhile, all in
one thread: sockets, timers, signals, time limits, cancellation, generators.

This package has the static library, the headers, the configuration for CMake's
find_package(), the introduction and the examples.")
set(CPACK_DEBIAN_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "libboost-context1.81-dev | libboost-context-dev (>= 1.81), libssl-dev (>= 3.0)")

include(GNUInstallDirs)
set(documentation ${CMAKE_INSTALL_DATADIR}/doc/libcoro-dev)
install(FILES README.md DESTINATION ${documentation})
install(DIRECTORY examples DESTINATION ${documentation} FILES_MATCHING PATTERN *.cpp)
install(FILES examples/own_project/CMakeLists.txt DESTINATION ${documentation}/examples/own_project)

include(${CMAKE_CURRENT_LIST_DIR}/package.cmake)
