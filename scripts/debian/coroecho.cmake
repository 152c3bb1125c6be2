# The package of the programs, as CPack makes it of what the whole installs. scripts/package is the way to it.
set(CPACK_PACKAGE_NAME coroecho)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "echo service for testing networks, and its client")
set(CPACK_PACKAGE_DESCRIPTION
    "coroecho sends back every byte that it receives, all of it and nothing else,
to ten thousand clients at a time, and logs who connected, what came and how
it ended. It is for testing networks: firewalls, address translation, load
balancers, clients.

coroecho-client talks to any echo service and verifies every byte: a prompt
in a terminal, a filter in a pipe, a ping for TCP and a benchmark.")
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)

file(WRITE ${CMAKE_BINARY_DIR}/debian/conffiles "/etc/coroecho/coroecho.yaml\n")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    ${CMAKE_CURRENT_LIST_DIR}/postinst ${CMAKE_CURRENT_LIST_DIR}/prerm ${CMAKE_CURRENT_LIST_DIR}/postrm
    ${CMAKE_BINARY_DIR}/debian/conffiles)

include(${CMAKE_CURRENT_LIST_DIR}/package.cmake)
