console.log("switchyard dev");
