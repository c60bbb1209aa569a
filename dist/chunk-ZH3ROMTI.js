function i(t){return`SIGSTEP_${t.toUpperCase().replaceAll("-","_")}`}export{i as a};
