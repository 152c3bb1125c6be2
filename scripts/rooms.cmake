# With -DCMAKE_UNITY_BUILD=ON a room is one source for the compiler, and the headers that its sources share count once. Two
# sources of a room cannot have a name of their own in common then.

# A local variable of one source may be called like a constant of another.
target_compile_options(coroecho_build_flags INTERFACE -Wno-shadow)
foreach(target coro coro_tls coroecho_program coroecho_server coroecho_client)
  get_target_property(folder ${target} SOURCE_DIR)
  get_target_property(sources ${target} SOURCES)
  foreach(source ${sources})
    cmake_path(GET source PARENT_PATH room)
    string(MAKE_C_IDENTIFIER "room_${room}" room)
    set_property(SOURCE ${folder}/${source} TARGET_DIRECTORY ${target} PROPERTY UNITY_GROUP ${room})
  endforeach()
  set_target_properties(
    ${target} PROPERTIES UNITY_BUILD_MODE GROUP #
                         UNITY_BUILD_CODE_BEFORE_INCLUDE "// NOLINTNEXTLINE(bugprone-suspicious-include)")
endforeach()
set_target_properties(coroecho coroecho-client PROPERTIES UNITY_BUILD OFF)
