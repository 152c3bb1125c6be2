# With CMAKE_UNITY_BUILD, as the presets release and asan have it, a room is one source for the compiler, and the headers that
# its sources share count once: half of the time. Two sources of a room cannot have a name of their own in common then.

# A local variable of one source may be called like a constant of another.
target_compile_options(coroecho_build_flags INTERFACE -Wno-shadow)
function(compile_by_room target)
  get_target_property(folder ${target} SOURCE_DIR)
  get_target_property(sources ${target} SOURCES)
  foreach(source ${sources})
    cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY ${folder})
    cmake_path(GET source PARENT_PATH room)
    # So that the programs are the same in whatever folder they are built.
    cmake_path(RELATIVE_PATH room BASE_DIRECTORY ${PROJECT_SOURCE_DIR})
    string(MAKE_C_IDENTIFIER "${room}" room)
    set_property(SOURCE ${source} TARGET_DIRECTORY ${target} PROPERTY UNITY_GROUP ${room})
  endforeach()
  set_target_properties(
    ${target} PROPERTIES UNITY_BUILD ON
                         UNITY_BUILD_MODE GROUP #
                         UNITY_BUILD_CODE_BEFORE_INCLUDE "// NOLINTNEXTLINE(bugprone-suspicious-include)")
endfunction()
foreach(target coro coro_tls coroecho_program coroecho_server coroecho_client)
  compile_by_room(${target})
endforeach()
set_target_properties(coroecho coroecho-client PROPERTIES UNITY_BUILD OFF)
