include(GNUInstallDirs)
find_program(SCDOC scdoc)

# The date of the pages is the release's, as in docker/Dockerfile, so that the same sources make the same pages on any day.
set(SCDOC_DATE SOURCE_DATE_EPOCH=1795737600)

# Builds PAGE.SECTION from PAGE.SECTION.scd in the current source directory together with the program, and installs it: so
# whoever has built a program can install it. Without scdoc(1) there is no manual, and everything else is the same.
function(coroecho_man_page program page section)
  if(NOT SCDOC)
    return()
  endif()
  set(source ${CMAKE_CURRENT_SOURCE_DIR}/${page}.${section}.scd)
  set(output ${CMAKE_CURRENT_BINARY_DIR}/${page}.${section})
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -E env ${SCDOC_DATE} ${SCDOC} < ${source} > ${output}
    DEPENDS ${source}
    VERBATIM)
  add_custom_target(${page}_man_page DEPENDS ${output})
  add_dependencies(${program} ${page}_man_page)
  install(FILES ${output} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endfunction()
