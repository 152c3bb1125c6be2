include(GNUInstallDirs)
find_program(SCDOC scdoc)

# Builds PAGE.SECTION from PAGE.SECTION.scd in the current source directory, and installs it. Without scdoc(1) there
# is no manual, and everything else is the same.
function(coroecho_man_page page section)
  if(NOT SCDOC)
    return()
  endif()
  set(source ${CMAKE_CURRENT_SOURCE_DIR}/${page}.${section}.scd)
  set(output ${CMAKE_CURRENT_BINARY_DIR}/${page}.${section})
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${SCDOC} < ${source} > ${output}
    DEPENDS ${source}
    VERBATIM)
  add_custom_target(${page}_man_page ALL DEPENDS ${output})
  install(FILES ${output} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endfunction()
