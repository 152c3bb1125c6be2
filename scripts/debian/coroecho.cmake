# The packages of the service and of the client, as CPack makes them of what the whole installs. scripts/package is the
# way to them.
set(CPACK_PACKAGE_NAME coroecho)
set(CPACK_COMPONENTS_ALL coroecho coroecho-client)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)

set(CPACK_COMPONENT_COROECHO_DESCRIPTION
    "echo service for testing networks
coroecho sends back every byte that it receives, all of it and nothing else,
to ten thousand clients at a time, and logs who connected, what came and how
it ended. It is for testing networks: firewalls, address translation, load
balancers, clients.")
set(CPACK_DEBIAN_COROECHO_PACKAGE_RECOMMENDS coroecho-client)
set(CPACK_DEBIAN_COROECHO_PACKAGE_SUGGESTS logrotate)
# `cmake --install`, which installs all components, leaves it out.
install(FILES ${CMAKE_CURRENT_LIST_DIR}/logrotate DESTINATION /etc/logrotate.d RENAME coroecho COMPONENT coroecho EXCLUDE_FROM_ALL)
file(WRITE ${CMAKE_BINARY_DIR}/debian/conffiles "/etc/coroecho/coroecho.yaml\n/etc/logrotate.d/coroecho\n")
set(CPACK_DEBIAN_COROECHO_PACKAGE_CONTROL_EXTRA
    ${CMAKE_CURRENT_LIST_DIR}/postinst ${CMAKE_CURRENT_LIST_DIR}/prerm ${CMAKE_CURRENT_LIST_DIR}/postrm
    ${CMAKE_BINARY_DIR}/debian/conffiles)

set(CPACK_COMPONENT_COROECHO-CLIENT_DESCRIPTION
    "client of echo services: prompt, pipe, ping and benchmark
coroecho-client talks to any echo service and verifies every byte: a prompt
in a terminal, a filter in a pipe, a ping for TCP, TLS and UDP, and a
benchmark. It installs no service.")
set(CPACK_DEBIAN_COROECHO-CLIENT_PACKAGE_SUGGESTS coroecho)
# The client's files were in the package of the service before this version.
set(CPACK_DEBIAN_COROECHO-CLIENT_PACKAGE_BREAKS "coroecho (<< 2.0.0~)")
set(CPACK_DEBIAN_COROECHO-CLIENT_PACKAGE_REPLACES "coroecho (<< 2.0.0~)")

# Each package has the software bill of materials of its program.
set(CPACK_COROECHO_BUILD ${CMAKE_BINARY_DIR})
set(CPACK_COROECHO_SBOM ${PROJECT_SOURCE_DIR}/scripts/sbom)
set(CPACK_COROECHO_PROGRAM_coroecho server/coroecho)
set(CPACK_COROECHO_PROGRAM_coroecho-client client/coroecho-client)

include(${CMAKE_CURRENT_LIST_DIR}/package.cmake)
