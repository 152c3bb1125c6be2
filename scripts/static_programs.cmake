# For -DCOROECHO_STATIC=ON: the programs need no library where they run, which suits a container image. The targets that
# Debian's packages define name shared libraries; those of the same names below come first and name the static ones. fmt
# and spdlog have none there, but both also work from their headers.
set(CMAKE_FIND_LIBRARY_SUFFIXES .a)
set(Boost_USE_STATIC_LIBS ON)
set(OPENSSL_USE_STATIC_LIBS ON)
set(CMAKE_EXE_LINKER_FLAGS "${CMAKE_EXE_LINKER_FLAGS} -static-pie")

foreach(name fmt::fmt fmt::fmt-header-only)
  add_library(${name} INTERFACE IMPORTED)
  target_compile_definitions(${name} INTERFACE FMT_HEADER_ONLY)
endforeach()

foreach(name spdlog::spdlog spdlog::spdlog_header_only)
  add_library(${name} INTERFACE IMPORTED)
  target_compile_definitions(${name} INTERFACE SPDLOG_FMT_EXTERNAL)
  target_link_libraries(${name} INTERFACE fmt::fmt)
endforeach()

find_library(YAML_CPP yaml-cpp REQUIRED)
add_library(yaml-cpp STATIC IMPORTED)
set_target_properties(yaml-cpp PROPERTIES IMPORTED_LOCATION ${YAML_CPP})

# Libraries that libedit.a needs; a shared libedit links them itself.
string(APPEND CMAKE_CXX_STANDARD_LIBRARIES " -ltinfo -lbsd -lmd")
