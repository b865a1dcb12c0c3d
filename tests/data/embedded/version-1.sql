BEGIN TRANSACTION;
CREATE TABLE document (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        collection TEXT NOT NULL,
        id TEXT NOT NULL,
        owner_group TEXT,
        body TEXT NOT NULL,
        UNIQUE (collection, id));
INSERT INTO "document" VALUES(1,'datasets','local/925b4b2c-6218-4b71-89d7-412ba365085b','me','{"size":3,"packedSize":0,"numberOfFiles":1,"numberOfFilesArchived":0,"accessGroups":["friends"],"keywords":["old","kept"],"techniques":[],"sharedWith":[],"relationships":[],"principalInvestigators":[],"proposalIds":[],"sampleIds":[],"instrumentIds":[],"inputDatasets":[],"usedSoftware":[],"isPublished":false,"classification":"IN=medium,AV=low,CO=low","scientificMetadata":{},"ownerGroup":"me","owner":"me","contactEmail":"me@site.example","sourceFolder":"/data","creationTime":"2026-03-01T12:00:00.000Z","type":"raw","datasetName":"name 0","datasetlifecycle":{"archivable":true,"retrievable":false,"publishable":false,"dateOfDiskPurging":"2026-11-22T18:50:34.860Z","archiveRetentionTime":"2036-11-19T18:50:34.860Z","dateOfPublishing":"2029-11-21T18:50:34.860Z","publishedOn":"2026-11-22T18:50:34.860Z","isOnCentralDisk":true,"archiveStatusMessage":"datasetCreated","retrieveStatusMessage":"","retrieveIntegrityCheck":false},"_id":"local/925b4b2c-6218-4b71-89d7-412ba365085b","__v":0,"pid":"local/925b4b2c-6218-4b71-89d7-412ba365085b","version":"4","createdBy":"me","updatedBy":"me","createdAt":"2026-11-22T18:50:34.860Z","updatedAt":"2026-11-22T18:50:34.860Z"}');
INSERT INTO "document" VALUES(2,'datasets','local/433ad17b-ada2-47ce-93fd-f3d2d8612ff6','me','{"size":0,"packedSize":0,"numberOfFiles":0,"numberOfFilesArchived":0,"accessGroups":[],"keywords":[],"techniques":[],"sharedWith":[],"relationships":[],"principalInvestigators":[],"proposalIds":[],"sampleIds":[],"instrumentIds":[],"inputDatasets":[],"usedSoftware":[],"isPublished":true,"classification":"IN=medium,AV=low,CO=low","scientificMetadata":{},"ownerGroup":"me","owner":"me","contactEmail":"me@site.example","sourceFolder":"/data","creationTime":"2026-03-01T12:00:00.000Z","type":"raw","datasetName":"name 1","datasetlifecycle":{"archivable":true,"retrievable":false,"publishable":false,"dateOfDiskPurging":"2026-11-22T18:50:34.862Z","archiveRetentionTime":"2036-11-19T18:50:34.862Z","dateOfPublishing":"2029-11-21T18:50:34.862Z","publishedOn":"2026-11-22T18:50:34.862Z","isOnCentralDisk":true,"archiveStatusMessage":"datasetCreated","retrieveStatusMessage":"","retrieveIntegrityCheck":false},"_id":"local/433ad17b-ada2-47ce-93fd-f3d2d8612ff6","__v":0,"pid":"local/433ad17b-ada2-47ce-93fd-f3d2d8612ff6","version":"4","createdBy":"me","updatedBy":"me","createdAt":"2026-11-22T18:50:34.863Z","updatedAt":"2026-11-22T18:50:34.863Z"}');
INSERT INTO "document" VALUES(3,'orig_datablocks','45d15232-291b-4462-9267-6ff184538612','me','{"_id":"45d15232-291b-4462-9267-6ff184538612","__v":0,"ownerGroup":"me","accessGroups":["friends"],"isPublished":false,"datasetId":"local/925b4b2c-6218-4b71-89d7-412ba365085b","size":3,"dataFileList":[{"path":"a.dat","size":3,"time":"2026-03-01T12:00:00.000Z"}],"createdBy":"me","updatedBy":"me","createdAt":"2026-11-22T18:50:34.864Z","updatedAt":"2026-11-22T18:50:34.864Z"}');
INSERT INTO "document" VALUES(4,'attachments','41a7cf8f-ecd6-41cd-9e83-4c6ddba4c370','me','{"_id":"a431912412e34735ee6a1e2d","__v":0,"accessGroups":[],"isPublished":false,"ownerGroup":"me","thumbnail":"data:image/png;base64,","caption":"c","relationships":[{"relationType":"is attached to","targetId":"local/433ad17b-ada2-47ce-93fd-f3d2d8612ff6","targetType":"dataset"}],"aid":"41a7cf8f-ecd6-41cd-9e83-4c6ddba4c370","createdBy":"me","updatedBy":"me","createdAt":"2026-11-22T18:50:34.866Z","updatedAt":"2026-11-22T18:50:34.866Z"}');
CREATE TABLE link (
        seq INTEGER NOT NULL REFERENCES document (seq) ON DELETE CASCADE,
        collection TEXT NOT NULL,
        target TEXT NOT NULL);
INSERT INTO "link" VALUES(3,'orig_datablocks','local/925b4b2c-6218-4b71-89d7-412ba365085b');
INSERT INTO "link" VALUES(4,'attachments','local/433ad17b-ada2-47ce-93fd-f3d2d8612ff6');
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "setting" VALUES('token_key','0000000000000000000000000000000000000000000000000000000000000000');
CREATE INDEX link_by_target ON link (collection, target, seq);
CREATE INDEX link_by_source ON link (seq);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('document',4);
COMMIT;
PRAGMA user_version = 1;
